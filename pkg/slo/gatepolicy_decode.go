package slo

import (
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativeGatePolicy is a document of kind GatePolicy as it is written. A section
// that is written stands as it is; one that is left out is as in
// DefaultGatePolicy.
type nativeGatePolicy struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   nativeMetadata `yaml:"metadata" need:"metadata: {name: production}"`
	Spec       nativeGateSpec `yaml:"spec" need:"spec: with select"`
}

type nativeGateSpec struct {
	Select       nativeMatchers         `yaml:"select" need:"matchers such as ['service=~\"checkout|payments\"']"`
	Environments []string               `yaml:"environments"`
	Budget       *nativeGateLevels      `yaml:"budget"`
	ConsumedIn1h *nativeGateSpending    `yaml:"consumedIn1h"`
	Burn         []nativeGateBurn       `yaml:"burn"`
	Alerts       *map[string]nativeSaid `yaml:"alerts"` // {} is something that is said
	Dependencies []nativeGateDependency `yaml:"dependencies"`
	Passes       []nativeChange         `yaml:"passes"`
	IfUnknown    nativeSaid             `yaml:"ifUnknown"`
	MaxAge       *time.Duration         `yaml:"maxAge"`
	ValidFor     *time.Duration         `yaml:"validFor"`
	Canary       *nativeGateCanary      `yaml:"canary"`
	Deploy       *nativeGateDeploy      `yaml:"deploy"`
}

type nativeGateLevels struct {
	Hold *nativeGateLevel `yaml:"hold"`
	Deny *nativeGateLevel `yaml:"deny"`
}

type nativeGateLevel struct {
	Below       nativePercent  `yaml:"below" need:"a percentage such as 25%"`
	ResumeAbove *nativePercent `yaml:"resumeAbove"`
}

type nativeGateSpending struct {
	Hold *nativeSpent `yaml:"hold"`
	Deny *nativeSpent `yaml:"deny"`
}

type nativeGateBurn struct {
	Window time.Duration `yaml:"window" need:"a duration such as 1h"`
	Above  float64       `yaml:"above" need:"a burn rate such as 14.4"`
	Then   nativeGrave   `yaml:"then" need:"hold or deny"`
}

type nativeGateDependency struct {
	Service string      `yaml:"service" need:"the service's name, such as payments"`
	As      nativeGrave `yaml:"as" need:"hold or deny"`
}

type nativeGateCanary struct {
	By           *string         `yaml:"by"`
	MinEvents    *float64        `yaml:"minEvents"`
	FalseDenials *nativePercent  `yaml:"falseDenials"`
	Margin       *nativePercent  `yaml:"margin"`
	Within       *time.Duration  `yaml:"within"`
	AtEnd        nativeCanaryEnd `yaml:"atEnd"`
}

type nativeGateDeploy struct {
	Watch       *time.Duration `yaml:"watch"`
	MaxConsumed *nativeSpent   `yaml:"maxConsumed"`
	MinEvents   *float64       `yaml:"minEvents"`
}

type (
	nativeSaid      GateDecision // allow, hold, deny
	nativeGrave     GateDecision // hold, deny
	nativeCanaryEnd GateDecision // allow, hold
	nativeChange    ChangeKind
	nativePercent   float64
)

// oneOf reads one of some words; empty: it is none of them.
func oneOf[T ~string](v strictyaml.Value, what string, words ...T) (word T) {
	text, ok := v.String()
	if !ok {
		return ""
	}
	var known []string
	for _, w := range words {
		if string(w) == text {
			return w
		}
		known = append(known, string(w))
	}
	v.Report(fmt.Sprintf("%q is not %s", shorten(text), what), strictyaml.Suggest(text, known))
	return ""
}

// UnmarshalValue reads what a gate may say to anybody.
func (s *nativeSaid) UnmarshalValue(v strictyaml.Value) {
	*s = nativeSaid(oneOf(v, "what a gate can say here", GateAllow, GateHold, GateDeny))
}

// UnmarshalValue reads a decision against a change.
func (g *nativeGrave) UnmarshalValue(v strictyaml.Value) {
	*g = nativeGrave(oneOf(v, "a decision against a change", GateHold, GateDeny))
}

// UnmarshalValue reads what is said of a comparison that nothing came of.
func (e *nativeCanaryEnd) UnmarshalValue(v strictyaml.Value) {
	*e = nativeCanaryEnd(oneOf(v, "what can be said of a candidate that is neither better nor worse", GateAllow, GateHold))
}

// UnmarshalValue reads a kind of change.
func (c *nativeChange) UnmarshalValue(v strictyaml.Value) {
	*c = nativeChange(oneOf(v, "a kind of change", ChangeDeploy, ChangeRollback, ChangeScaleUp, ChangeFixForward))
}

// UnmarshalValue reads a share, which may be negative or more than the whole.
func (p *nativePercent) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok {
			return
		}
	}
	share, ok := parsePercent(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not a percentage", shorten(text)), percentFix(text))
	}
	*p = nativePercent(share)
}

// parsePercent reads "25%", "-5 %" or a ratio between -1 and 1, such as 0.25.
func parsePercent(s string) (share float64, ok bool) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	plain, negative := strings.CutPrefix(strings.TrimSpace(number), "-")
	if !decimal.MatchString(plain) {
		return 0, false
	}
	r, _ := new(big.Rat).SetString(plain)
	if percent {
		r.Quo(r, big.NewRat(100, 1))
	} else if r.Cmp(big.NewRat(1, 1)) > 0 {
		return 0, false
	}
	if negative {
		r.Neg(r)
	}
	share, _ = r.Float64()
	return share, true
}

// percentFix guesses what was meant: 25 means 25%.
func percentFix(text string) string {
	guess := strings.Replace(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(text), "%")), ",", ".", 1) + "%"
	if _, ok := parsePercent(guess); !ok {
		guess = "25%"
	}
	return "write " + guess
}

// decodeGatePolicy is the Decoder of kind GatePolicy.
func decodeGatePolicy(doc *strictyaml.Document) (string, any, []Problem) {
	var n nativeGatePolicy
	found := doc.Decode(&n)
	p := n.policy()
	if found.Cover("spec.select") {
		p.Select = nil // what is left of it selects more than was meant
	}
	v := validator{}
	v.gatePolicy(p)
	if len(found)+len(v.problems) == 0 {
		v.gateSense(p)
	}
	return p.Name, p, uncovered(FromYAML(found, Error), v.problems)
}

// policy says the same, with what is usual.
func (n *nativeGatePolicy) policy() *GatePolicy {
	s, p := &n.Spec, DefaultGatePolicy()
	p.Name, p.Select, p.Environments = n.Metadata.Name, s.Select.all(), s.Environments
	if s.Budget != nil {
		p.Budget = GateLevels{Hold: s.Budget.Hold.level(), Deny: s.Budget.Deny.level()}
	}
	if c := s.ConsumedIn1h; c != nil {
		p.ConsumedIn1h = GateSpending{Hold: float64(valueOr(c.Hold, 0)), Deny: float64(valueOr(c.Deny, 0))}
	}
	for _, b := range s.Burn {
		p.Burn = append(p.Burn, GateBurn{Window: b.Window, Above: b.Above, Then: GateDecision(b.Then)})
	}
	if s.Alerts != nil {
		p.Alerts = map[string]GateDecision{}
		for severity, d := range *s.Alerts {
			p.Alerts[severity] = GateDecision(d)
		}
	}
	for _, d := range s.Dependencies {
		p.Dependencies = append(p.Dependencies, GateDependency{Service: d.Service, As: GateDecision(d.As)})
	}
	if s.Passes != nil {
		p.Passes = nil
		for _, k := range s.Passes {
			p.Passes = append(p.Passes, ChangeKind(k))
		}
	}
	if s.IfUnknown != "" {
		p.IfUnknown = GateDecision(s.IfUnknown)
	}
	p.MaxAge, p.ValidFor = valueOr(s.MaxAge, p.MaxAge), valueOr(s.ValidFor, p.ValidFor)
	p.Canary, p.Deploy = s.Canary.canary(), s.Deploy.deploy()
	return p
}

// level resumes where it begins unless the document says otherwise.
func (n *nativeGateLevel) level() *GateLevel {
	if n == nil {
		return nil
	}
	return &GateLevel{Below: float64(n.Below), ResumeAbove: float64(valueOr(n.ResumeAbove, n.Below))}
}

// The usual terms of a comparison and of a watch.
var (
	usualCanary = GateCanary{By: "version", MinEvents: 50, FalseDenials: 0.01, Within: 10 * time.Minute, AtEnd: GateHold}
	usualDeploy = GateDeploy{Watch: time.Hour, MaxConsumed: 0.05, MinEvents: 50}
)

func (n *nativeGateCanary) canary() *GateCanary {
	if n == nil {
		return nil
	}
	c := usualCanary
	c.By, c.MinEvents, c.Within = valueOr(n.By, c.By), valueOr(n.MinEvents, c.MinEvents), valueOr(n.Within, c.Within)
	c.FalseDenials = float64(valueOr(n.FalseDenials, nativePercent(c.FalseDenials)))
	c.Margin = float64(valueOr(n.Margin, nativePercent(c.Margin)))
	if n.AtEnd != "" {
		c.AtEnd = GateDecision(n.AtEnd)
	}
	return &c
}

func (n *nativeGateDeploy) deploy() *GateDeploy {
	if n == nil {
		return nil
	}
	d := usualDeploy
	d.Watch, d.MinEvents = valueOr(n.Watch, d.Watch), valueOr(n.MinEvents, d.MinEvents)
	d.MaxConsumed = float64(valueOr(n.MaxConsumed, nativeSpent(d.MaxConsumed)))
	return &d
}
