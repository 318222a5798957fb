package openslo

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// promise is an SLO document of any version, understood.
type promise struct {
	name, service, description string
	labels                     map[string]string
	window                     slo.Window
	method                     slo.Method
	objectives                 []promised
	tiers                      tiers
	// composite: the objectives have SLIs of their own, and are an SLO together.
	composite bool
	// fields says where what is.
	fields map[string]string
	// numbered: each objective is called by its place, counted from 0.
	numbered bool
}

// promised is one objective of it.
type promised struct {
	display   string
	objective slo.Objective
	budgeting slo.Budgeting
	indicator indicator
	threshold *slo.Threshold
	weight    float64 // in a composite
	fields    map[string]string
}

// specs are the SLOs that the document declares.
func (p *promise) specs() []*slo.Spec {
	var specs []*slo.Spec
	for n, name := range p.names() {
		o := p.objectives[n]
		fields := maps.Clone(p.fields)
		maps.Copy(fields, o.fields)
		specs = append(specs, &slo.Spec{
			Service: p.service, Name: name, Description: p.description, Labels: p.labels,
			Objective: o.objective, Window: p.window, SLI: o.sli(), Budgeting: o.counted(),
			MaxGroups: slo.DefaultMaxGroups, Fields: fields, Alerting: slo.Alerting{Terms: slo.AlertTerms{Tiers: p.tiers}}, Dialect: o.indicator.dialect,
		})
	}
	if p.composite && len(specs) > 1 {
		specs = append(specs, p.whole(specs))
	}
	return specs
}

// names are unique within the document, as long as it has a name itself.
func (p *promise) names() []string {
	names := make([]string, len(p.objectives))
	slugs := map[string]int{}
	for _, o := range p.objectives {
		slugs[slug(o.display)]++
	}
	for n, o := range p.objectives {
		own := slug(o.display)
		switch {
		case p.name == "":
		case p.numbered:
			names[n] = fmt.Sprintf("%s-%d", p.name, n)
		case len(p.objectives) == 1:
			names[n] = p.name
		case slugs[own] == 1 && strings.Trim(own, "0123456789") != "" && len(p.name)+1+len(own) <= slo.MaxNameBytes:
			names[n] = p.name + "-" + own
		default:
			names[n] = fmt.Sprintf("%s-%d", p.name, n+1)
		}
	}
	return names
}

// slug is a text in lower-case letters, digits and single hyphens.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	return strings.Join(words, "-")
}

// wholeSlices reports whether a slice is an event: bad with its first bad
// sample. That needs no budgeting of slices.
func (o *promised) wholeSlices() bool {
	return o.threshold != nil && o.budgeting.Method == slo.Timeslices && o.budgeting.Target == 1
}

func (o *promised) counted() slo.Budgeting {
	if o.wholeSlices() {
		return slo.Budgeting{}
	}
	return o.budgeting
}

func (o *promised) sli() slo.SLI {
	if o.threshold == nil {
		return slo.SLI{Ratio: o.indicator.ratio}
	}
	t := *o.threshold
	if o.wholeSlices() {
		t.PerSample, t.Slice = false, max(o.budgeting.Slice, time.Duration(0))
	}
	return slo.SLI{Threshold: &t}
}
