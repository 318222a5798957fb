package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativeRemediation is a document of kind Remediation as it is written.
type nativeRemediation struct {
	APIVersion string                `yaml:"apiVersion"`
	Kind       string                `yaml:"kind"`
	Metadata   nativeMetadata        `yaml:"metadata" need:"metadata: {name: checkout-back-to-stable}"`
	Spec       nativeRemediationSpec `yaml:"spec" need:"spec: with on and actions"`
}

type nativeRemediationSpec struct {
	On           nativeMatchers `yaml:"on" need:"matchers such as ['service=\"checkout\"', 'tier=~\"heal|page_fast\"']"`
	Actions      []nativeRemedy `yaml:"actions" need:"a list of actions, each at one gateway"`
	Guards       nativeGuards   `yaml:"guards"`
	Approval     nativeApproval `yaml:"approval"`
	DryRun       bool           `yaml:"dryRun"`
	Verify       nativeProof    `yaml:"verify"`
	Lease        *time.Duration `yaml:"lease"`
	Undo         nativeUndo     `yaml:"undo"`
	IfEngineDies nativeDeath    `yaml:"ifEngineDies"`
}

type nativeGuards struct {
	Cooldown         *time.Duration `yaml:"cooldown"`
	MaxPerHour       *int           `yaml:"maxPerHour"`
	MaxShift         *nativeSpent   `yaml:"maxShift"`
	MaxBudgetAtStake *nativeSpent   `yaml:"maxBudgetAtStake"`
	MinHealthy       *int           `yaml:"minHealthy"`
	RequireHealthy   nativeMatchers `yaml:"requireHealthy"`
}

type nativeProof struct {
	SLO       string         `yaml:"slo"`
	BurnBelow *float64       `yaml:"burnBelow"`
	Window    *time.Duration `yaml:"window"`
	Within    *time.Duration `yaml:"within"`
	MinEvents *float64       `yaml:"minEvents"`
}

type nativeUndo struct {
	When  nativeWhen     `yaml:"when"`
	After *time.Duration `yaml:"after"`
	Steps []nativeSpent  `yaml:"steps"`
	Every *time.Duration `yaml:"every"`
}

type (
	nativeApproval bool // required
	nativeDeath    bool // undo
	nativeWhen     bool // leaseEnds
	nativeDone     bool // helped
)

// choice reads one of two words, and reports whether it is the second.
func choice(v strictyaml.Value, what, no, yes string) bool {
	text, ok := v.String()
	if ok && text != no && text != yes {
		v.Report(fmt.Sprintf("%q is not %s", shorten(text), what), "write "+no+" or "+yes)
	}
	return text == yes
}

// UnmarshalValue reads none or required.
func (a *nativeApproval) UnmarshalValue(v strictyaml.Value) {
	*a = nativeApproval(choice(v, "how an action is approved", "none", "required"))
}

// UnmarshalValue reads keep or undo.
func (d *nativeDeath) UnmarshalValue(v strictyaml.Value) {
	*d = nativeDeath(choice(v, "what happens without the engine", "keep", "undo"))
}

// UnmarshalValue reads resolved or leaseEnds.
func (w *nativeWhen) UnmarshalValue(v strictyaml.Value) {
	*w = nativeWhen(choice(v, "when an action is undone", "resolved", "leaseEnds"))
}

// UnmarshalValue reads failed or helped.
func (d *nativeDone) UnmarshalValue(v strictyaml.Value) {
	*d = nativeDone(choice(v, "how the action before may have ended", "failed", "helped"))
}

// nativeRemedy is one action: the name of a gateway, and what stands beside it.
type nativeRemedy struct {
	Weak   bool
	After  nativeDone
	remedy Remedy
	said   nativeDeed
}

// remedyKinds are those that stand among a gateway's settings.
var remedyKinds = []string{RemedyShift, RemedyEject, RemedyDrain, RemedyRateLimit, RemedyClose, RemedyBreaker}

// gateways are the kinds that a document may name.
var gateways = []string{"apisix", "caddy", "etcd", "haproxy", "kong", "traefik", "tyk", RemedyWebhook, RemedySampling}

// UnmarshalValue reads an action.
func (n *nativeRemedy) UnmarshalValue(v strictyaml.Value) {
	const example = "write such as haproxy: {socket: /run/haproxy.sock, backend: checkout, eject: {member: v2}}"
	var raw strictyaml.Raw
	if v.Decode(&raw); raw.Fields() == nil {
		if v.IsMapping() {
			v.Report("names no gateway", example)
		}
		return
	}
	var all struct {
		Weak  bool                      `yaml:"weak"`
		After nativeDone                `yaml:"after"`
		At    map[string]strictyaml.Raw `yaml:",inline"`
	}
	v.Decode(&all)
	n.Weak, n.After = all.Weak, all.After
	var named []string
	for _, name := range raw.Without("weak", "after").Fields() {
		if !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	switch {
	case len(named) == 0:
		v.Report("names no gateway", example)
	case len(named) > 1:
		v.Report("names "+strings.Join(named, " and "), "write one gateway; an action for each other")
	case !slices.Contains(gateways, named[0]):
		v.Report(fmt.Sprintf("%q is not a gateway", shorten(named[0])), strictyaml.Suggest(named[0], gateways))
	default:
		n.read(v, named[0], all.At[named[0]])
	}
}

// nativeDeed is what is done, among a gateway's settings.
type nativeDeed struct {
	Shift *struct {
		From      string       `yaml:"from"`
		FromLabel string       `yaml:"fromLabel"`
		To        string       `yaml:"to"`
		Percent   nativeAmount `yaml:"percent"`
		By        string       `yaml:"by"`
	} `yaml:"shift"`
	Eject     *nativeWhom `yaml:"eject"`
	Drain     *nativeWhom `yaml:"drain"`
	RateLimit *struct {
		Route     string  `yaml:"route" need:"the route, as the gateway names it"`
		PerSecond float64 `yaml:"perSecond" need:"a number of requests"`
	} `yaml:"rateLimit"`
	Close *struct {
		Route  string `yaml:"route" need:"the route, as the gateway names it"`
		Status *int   `yaml:"status"`
	} `yaml:"close"`
	Breaker *struct {
		Dependency string `yaml:"dependency" need:"the dependency, as the gateway names it"`
		Status     *int   `yaml:"status"`
	} `yaml:"breaker"`
}

type nativeWhom struct {
	Member      string `yaml:"member"`
	MemberLabel string `yaml:"memberLabel"`
	By          string `yaml:"by"`
}

// nativeAmount is a share of a member's traffic; auto is 0.
type nativeAmount float64

// UnmarshalValue reads a percentage, or auto.
func (a *nativeAmount) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok || text == "auto" {
			return
		}
	}
	share, err := ParseShare(text)
	if err != nil {
		v.Report(fmt.Sprintf("%q is not a share of the traffic, above 0%% and at most 100%%", shorten(text)), "write 50%, or auto")
		return
	}
	*a = nativeAmount(share)
}

// read takes apart what stands at a gateway's name.
func (n *nativeRemedy) read(v strictyaml.Value, gateway string, at strictyaml.Raw) {
	n.remedy = Remedy{Gateway: gateway, Weak: n.Weak, AfterSuccess: bool(n.After), Settings: Settings{at.Without(remedyKinds...)}}
	if _, err := n.remedy.Settings.Text(); err != nil {
		v.Report("has a setting that is no text, number, list or mapping by names", "correct it")
	}
	deeds := at.Only(remedyKinds...)
	for _, p := range deeds.Decode(&n.said) {
		v.ReportAt(p)
	}
	switch kinds := deeds.Fields(); {
	case len(kinds) == 1 && gateway != RemedyWebhook && gateway != RemedySampling:
		n.remedy.Kind = kinds[0]
	case len(kinds) == 0 && (gateway == RemedyWebhook || gateway == RemedySampling):
		n.remedy.Kind = gateway
	case len(kinds) == 0:
		v.Report("does not say what is done", "write one of "+strings.Join(remedyKinds, ", ")+" among the settings of "+gateway)
	case len(kinds) == 1:
		v.Report("a "+gateway+" knows no "+kinds[0], "remove it")
	default:
		v.Report("does "+strings.Join(kinds, " and "), "keep one; write an action for each other")
	}
	n.said.into(&n.remedy)
}

// into writes what is done where a Remedy has it.
func (d *nativeDeed) into(r *Remedy) {
	switch {
	case d.Shift != nil:
		r.From, r.MemberLabel, r.To, r.Share, r.By = d.Shift.From, d.Shift.FromLabel, d.Shift.To, float64(d.Shift.Percent), d.Shift.By
	case d.Eject != nil:
		r.Member, r.MemberLabel, r.By = d.Eject.Member, d.Eject.MemberLabel, d.Eject.By
	case d.Drain != nil:
		r.Member, r.MemberLabel, r.By = d.Drain.Member, d.Drain.MemberLabel, d.Drain.By
	case d.RateLimit != nil:
		r.Route, r.PerSecond = d.RateLimit.Route, d.RateLimit.PerSecond
	case d.Close != nil:
		r.Route, r.Status = d.Close.Route, valueOr(d.Close.Status, 0)
	case d.Breaker != nil:
		r.Dependency, r.Status = d.Breaker.Dependency, valueOr(d.Breaker.Status, 0)
	}
}

// decodeRemediation is the Decoder of kind Remediation.
func decodeRemediation(doc *strictyaml.Document) (string, any, []Problem) {
	var n nativeRemediation
	found := doc.Decode(&n)
	r := n.remediation()
	if found.Cover("spec.on") {
		r.On = nil // what is left of it selects more than was meant
	}
	v := validator{}
	v.remediation(r)
	return r.Name, r, uncovered(FromYAML(found, Error), v.problems)
}

// remediation says the same, with what is usual.
func (n *nativeRemediation) remediation() *Remediation {
	s := &n.Spec
	r := &Remediation{
		Name: n.Metadata.Name, On: s.On.all(), Approval: bool(s.Approval), DryRun: s.DryRun,
		Guards: s.Guards.guards(), Proof: s.Verify.proof(), Undo: s.Undo.undo(),
		Lease: valueOr(s.Lease, usualLease), UndoIfEngineDies: bool(s.IfEngineDies),
	}
	for _, a := range s.Actions {
		r.Remedies = append(r.Remedies, a.remedy)
	}
	return r
}

func (n *nativeGuards) guards() RemedyGuards {
	return RemedyGuards{
		Cooldown: valueOr(n.Cooldown, usualGuards.Cooldown), MaxPerHour: valueOr(n.MaxPerHour, usualGuards.MaxPerHour),
		MaxShift: float64(valueOr(n.MaxShift, nativeSpent(usualGuards.MaxShift))), MinHealthy: valueOr(n.MinHealthy, usualGuards.MinHealthy),
		MaxBudgetAtStake: float64(valueOr(n.MaxBudgetAtStake, 0)), RequireHealthy: n.RequireHealthy.all(),
	}
}

func (n *nativeProof) proof() RemedyProof {
	return RemedyProof{
		SLO: strings.Replace(n.SLO, "/", ":", 1), BurnBelow: valueOr(n.BurnBelow, usualProof.BurnBelow),
		Window: valueOr(n.Window, usualProof.Window), Within: valueOr(n.Within, usualProof.Within),
		MinEvents: valueOr(n.MinEvents, usualProof.MinEvents),
	}
}

func (n *nativeUndo) undo() RemedyUndo {
	u := RemedyUndo{
		AtLeaseEnd: bool(n.When), After: valueOr(n.After, usualUndo.After),
		Steps: slices.Clone(usualUndo.Steps), Every: valueOr(n.Every, usualUndo.Every),
	}
	if n.Steps != nil {
		u.Steps = nil
	}
	for _, s := range n.Steps {
		u.Steps = append(u.Steps, float64(s))
	}
	return u
}
