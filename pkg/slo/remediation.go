package slo

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// KindRemediation is the kind of documents that say what is done at gateways
// when an alert fires: playbooks.
const KindRemediation = "Remediation"

// Remediation is a document of that kind.
type Remediation struct {
	Name string
	// On is over the labels of an alert: service, slo, severity, tier, those of
	// the SLO and of its group; of an alert from elsewhere, any. Never empty.
	On Matchers
	// Remedies are tried in order. Never empty.
	Remedies []Remedy
	Guards   RemedyGuards
	// Approval says that a person must say yes first.
	Approval bool
	// DryRun says that nothing is written at the gateway, whatever the engine's
	// mode.
	DryRun bool
	Proof  RemedyProof
	// Lease is how long an action stays unless it is renewed, > 0.
	Lease time.Duration
	Undo  RemedyUndo
	// UndoIfEngineDies makes the gateway itself take the action back when the
	// lease is not renewed, where it can.
	UndoIfEngineDies bool
	// Origin says where the document stands.
	Origin Origin
}

// Kinds of remedies, as documents name them.
const (
	RemedyShift     = "shift"
	RemedyEject     = "eject"
	RemedyDrain     = "drain"
	RemedyRateLimit = "rateLimit"
	RemedyClose     = "close"
	RemedyBreaker   = "breaker"
	RemedyWebhook   = "webhook"
	RemedySampling  = "sampling"
)

// Remedy is one action of a Remediation. Which fields count, Kind says.
type Remedy struct {
	// Gateway is the kind of gateway, such as haproxy; Kind what is done there.
	Gateway, Kind string
	// Settings are the gateway's own.
	Settings Settings
	// From gives, To takes, for shifts; an empty To is all others.
	From, To string
	// Share is how much of From's traffic is shifted, 0 < Share <= 1; 0: the
	// smallest that is predicted to help.
	Share float64
	// By is the label of the SLO's series whose values are the members' names;
	// empty: what each member does is not known.
	By string
	// Member is whom eject and drain are about.
	Member string
	// MemberLabel is the label of the alert that names the member (From, for a
	// shift) instead.
	MemberLabel string
	// Route is what rateLimit and close are about, Dependency what breaker is.
	Route, Dependency string
	PerSecond         float64
	// Status is what is answered; 0: 503.
	Status int
	// Weak says that the service does without the dependency.
	Weak bool
	// AfterSuccess says that it is done once the one before has helped, instead
	// of when that one has not.
	AfterSuccess bool
}

// Settings are what a document says of a gateway beside the action.
type Settings struct{ strictyaml.Raw }

// Check decodes them strictly into a struct with yaml tags, and says what is
// wrong with the exact path of the document.
func (s Settings) Check(into any) []Problem { return FromYAML(s.Decode(into), Error) }

// Text is the settings as JSON: what an action keeps, so that it can be undone
// when the document is gone.
func (s Settings) Text() (json.RawMessage, error) { return s.JSON() }

// RemedyGuards bound what is done.
type RemedyGuards struct {
	// Cooldown is how long after an action of the service, or on the target,
	// there is no other one; 0: none.
	Cooldown time.Duration
	// MaxPerHour bounds the actions of one service; 0: no bound.
	MaxPerHour int
	// MaxShift is how much of all traffic may be moved at most, 0 < MaxShift <= 1.
	MaxShift float64
	// MinHealthy is how many healthy members must be left.
	MinHealthy int
	// MaxBudgetAtStake is how much of what is left of the error budget may be
	// spent if an action fails: if all that it touches were bad until that is
	// known. 0: no bound.
	MaxBudgetAtStake float64
	// RequireHealthy selects SLOs that must not burn: that of where traffic goes
	// to. Empty: none.
	RequireHealthy Matchers
}

// RemedyProof says when an action has helped.
type RemedyProof struct {
	// SLO is the id service:slo that proves it; empty: the one that burns.
	SLO string
	// BurnBelow is the burn rate that must be undercut over Window, of events
	// after the action alone, at least MinEvents, Within a time.
	BurnBelow      float64
	Window, Within time.Duration
	MinEvents      float64
}

// RemedyUndo says how an action is taken back.
type RemedyUndo struct {
	// AtLeaseEnd: not before the lease ends. Otherwise once the tier that started
	// it has been quiet for After.
	AtLeaseEnd bool
	After      time.Duration
	// Steps are shares of the way back, rising to 1; Every is the time between
	// two, in which the last one is verified.
	Steps []float64
	Every time.Duration
}

// The usual terms of a Remediation.
var (
	usualGuards = RemedyGuards{Cooldown: 10 * time.Minute, MaxPerHour: 3, MaxShift: 1, MinHealthy: 1}
	usualProof  = RemedyProof{BurnBelow: 1, Window: 30 * time.Second, Within: 2 * time.Minute, MinEvents: 50}
	usualUndo   = RemedyUndo{After: 5 * time.Minute, Steps: []float64{0.25, 0.5, 1}, Every: time.Minute}
)

const usualLease = 30 * time.Minute

func (r *Remediation) located(at Origin) { r.Origin = at }

// ofAlert are labels that an alert has and its SLO has not.
var ofAlert = []string{"severity", "tier", "alertname", "slo_id"}

// concerns reports whether alerts of the SLO may start it: what a matcher asks
// of labels that only the alert has is decided when there is one.
func (r *Remediation) concerns(s *Spec) bool {
	set := s.Matchable(nil)
	for _, m := range r.On {
		open := slices.Contains(ofAlert, m.Name) || slices.Contains(s.GroupBy, m.Name)
		if !open && !m.Matches(set[m.Name]) {
			return false
		}
	}
	return len(r.On) > 0
}

// idle is what to say when no SLO's alert can start it.
func (r *Remediation) idle() []Problem {
	for _, m := range r.On {
		if m.Name == "alertname" {
			return nil // for alerts from elsewhere
		}
	}
	return []Problem{{
		Severity: Warning, Field: "spec.on", Message: "no SLO's alert starts it",
		Fix: "write matchers that the service, the name (slo) or the labels of an SLO meet; for alerts from elsewhere match alertname",
	}}
}

// remediations is the format of these documents.
var remediations = Format{APIVersion, KindRemediation}

// remedies asks the caller about each action. Who waits for a gateway to be
// healed must not find out in an incident that nobody does.
func (l *Loader) remedies(r *Remediation) (problems []Problem) {
	if l.Remediations == nil {
		problems = append(problems, Problem{
			Severity: Warning, Field: "kind",
			Message: "is read and checked, but nothing acts on it: this version changes no gateway",
			Fix:     "keep it for a later version, or remove it",
		})
	}
	if l.Remedy == nil {
		return problems
	}
	for i, one := range r.Remedies {
		for _, p := range l.Remedy(one) {
			if !strictyaml.Within(p.Field, "spec") {
				p.Field = settingPath(i, one.Gateway, p.Field)
			}
			problems = append(problems, p)
		}
	}
	return problems
}

// settingPath is where a setting of an action's gateway stands.
func settingPath(i int, gateway, setting string) string {
	path := strictyaml.Key(strictyaml.Index("spec.actions", i), gateway)
	if setting == "" {
		return path
	}
	return strictyaml.Key(path, setting)
}
