package slo

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativePolicy is a document of kind AlertPolicy as it is written.
type nativePolicy struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   nativeMetadata `yaml:"metadata" need:"metadata: {name: payments}"`
	Spec       struct {
		Select      nativeMatchers `yaml:"select"`
		nativeTerms `yaml:",inline"`
	} `yaml:"spec" need:"spec: with select and one of tiers, confidence, minBad and noData"`
}

// nativeTerms are the fields that an AlertPolicy and an SLO write alike.
type nativeTerms struct {
	Tiers      []nativeTier `yaml:"tiers"`
	Confidence *float64     `yaml:"confidence"`
	MinBad     *float64     `yaml:"minBad"`
	NoData     nativeNoData `yaml:"noData"`
}

type nativeTier struct {
	Name     string         `yaml:"name" need:"a name such as page_fast"`
	Severity nativeSeverity `yaml:"severity" need:"critical, warning, info or none"`
	Budget   nativeSpent    `yaml:"budget"`
	Factor   *float64       `yaml:"factor"`
	Long     time.Duration  `yaml:"long" need:"a duration such as 1h"`
	Short    time.Duration  `yaml:"short" need:"a duration such as 5m"`
	Shrinks  bool           `yaml:"shrinks"`
}

type nativeNoData struct {
	After  *time.Duration     `yaml:"after"`
	Policy nativeNoDataPolicy `yaml:"policy"`
}

type (
	nativeSeverity     string
	nativeSpent        float64
	nativeNoDataPolicy NoDataPolicy
)

// severities are what a tier may say; none wakes nobody.
var severities = []string{"critical", "warning", "info", "none"}

// UnmarshalValue reads a severity.
func (s *nativeSeverity) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	for _, known := range severities {
		if text == known && text != "none" {
			*s = nativeSeverity(text)
		}
		if text == known {
			return
		}
	}
	v.Report(fmt.Sprintf("%q is not a severity", shorten(text)), strictyaml.Suggest(text, severities))
}

// UnmarshalValue reads a share of the error budget.
func (s *nativeSpent) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok {
			return
		}
	}
	share, err := ParseShare(text)
	if err != nil {
		v.Report(fmt.Sprintf("%q is not a share of the error budget, above 0%% and at most 100%%", shorten(text)), budgetFix)
		return
	}
	*s = nativeSpent(share)
}

// UnmarshalValue reads what a silence counts as.
func (p *nativeNoDataPolicy) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	policy, ok := ParseNoDataPolicy(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not what a silence can count as", shorten(text)),
			strictyaml.Suggest(text, []string{"freeze", "bad", "good", "ignore"}))
		return
	}
	*p = nativeNoDataPolicy(policy)
}

// decodePolicy is the Decoder of kind AlertPolicy.
func decodePolicy(doc *strictyaml.Document) (string, any, []Problem) {
	var n nativePolicy
	found := doc.Decode(&n)
	p := &AlertPolicy{Name: n.Metadata.Name, Select: n.Spec.Select.all(), Terms: n.Spec.terms()}
	if found.Cover("spec.select") {
		p.Select = nil // what is left of it selects more than was meant
	}
	v := validator{problems: n.Spec.problems("spec")}
	v.name("metadata.name", p.Name)
	v.terms("spec", p.Terms)
	if len(found) == 0 && p.Terms.open() {
		v.fail("spec", "says nothing about alerts", "write one of tiers, confidence, minBad and noData")
	}
	return p.Name, p, uncovered(FromYAML(found, Error), v.problems)
}

// uncovered are the problems, and those of more that are about other places.
func uncovered(problems, more []Problem) []Problem {
	for _, p := range more {
		if !covered(problems).Cover(p.Field) {
			problems = append(problems, p)
		}
	}
	return problems
}

func (n *nativeTerms) terms() AlertTerms {
	t := AlertTerms{
		Confidence: n.Confidence, MinBad: n.MinBad,
		NoData: NoData{After: valueOr(n.NoData.After, 0), Policy: NoDataPolicy(n.NoData.Policy)},
	}
	for _, one := range n.Tiers {
		t.Tiers = append(t.Tiers, Tier{
			Name: one.Name, Severity: string(one.Severity), Budget: float64(one.Budget),
			Factor: valueOr(one.Factor, 0), Long: one.Long, Short: one.Short, Fixed: !one.Shrinks,
		})
	}
	return t
}

// problems are those that AlertTerms no longer show: they have 0 for what is
// not said.
func (n *nativeTerms) problems(base string) (ps []Problem) {
	if n.Tiers != nil && len(n.Tiers) == 0 {
		ps = append(ps, Problem{Field: base + ".tiers", Message: "is empty", Fix: "write a tier, or remove the field for the usual ones"})
	}
	if n.NoData.After != nil && *n.NoData.After == 0 {
		ps = append(ps, Problem{Field: base + ".noData.after", Message: "must not be 0", Fix: silenceFix})
	}
	for i, t := range n.Tiers {
		if t.Factor != nil && *t.Factor == 0 {
			ps = append(ps, Problem{Field: strictyaml.Index(base+".tiers", i) + ".factor", Message: "must be above 0", Fix: factorFix})
		}
	}
	return ps
}
