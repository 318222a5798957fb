package slo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// journey is a composite with the given value of spec.composite.
func journey(composite string) string {
	return `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: journey}
spec:
  service: shop
  objective: 99%
  window: 30d
  composite: ` + composite + "\n"
}

// plain is an SLO that others may be made of.
func plain(service, name string) string {
	return `---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: ` + name + `}
spec:
  service: ` + service + `
  objective: 99.9%
  window: 30d
  sli: {ratio: {total: requests_total, bad: errors_total}}
`
}

func TestCompositeForms(t *testing.T) {
	short := &Composite{Slice: time.Minute, Parts: []Part{{"checkout:availability", 2}, {"shop:search", 1}, {"pay:latency", 0.5}}}
	for name, c := range map[string]struct {
		text string
		want *Composite
	}{
		"short": {`[{slo: checkout/availability, weight: 2}, {slo: search}, {slo: "pay:latency", weight: 0.5}]`, short},
		"long":  {`{of: [{slo: checkout/availability, weight: 2}, {slo: search}, {slo: "pay:latency", weight: 0.5}]}`, short},
		"all": {`{method: sum_of_misses, slice: 5m, late: {after: 30s, as: bad}, of: [{slo: search}]}`, &Composite{
			Method: SumOfMisses, Slice: 5 * time.Minute, Late: LatePolicy{30 * time.Second, LateBad}, Parts: []Part{{"shop:search", 1}},
		}},
		"burn":    {`{method: weighted_burn, of: [{slo: search}]}`, &Composite{Method: WeightedBurn, Slice: time.Minute, Parts: []Part{{"shop:search", 1}}}},
		"any bad": {`{method: any_bad, late: {as: good}, of: [{slo: search}]}`, &Composite{Method: AnyBad, Slice: time.Minute, Late: LatePolicy{As: LateGood}, Parts: []Part{{"shop:search", 1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			specs, problems := Load("f.yaml", []byte(journey(c.text)))
			if len(problems) > 0 || len(specs) != 1 {
				t.Fatalf("%d specs, problems %v", len(specs), problems)
			}
			if diff := cmp.Diff(c.want, specs[0].Composite); diff != "" {
				t.Error(diff)
			}
			text, err := Encode(specs)
			if err != nil {
				t.Fatal(err)
			}
			again, problems := Load("again.yaml", text)
			if len(problems) > 0 || len(again) != 1 {
				t.Fatalf("%s\nproblems %v", text, problems)
			}
			if diff := cmp.Diff(c.want, again[0].Composite); diff != "" {
				t.Errorf("%s\n%s", text, diff)
			}
		})
	}
}

func TestFaultyComposites(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // the beginnings of the problems
	}{
		"not a list":      {`checkout`, []string{"spec.composite: must be a list"}},
		"empty":           {`[]`, []string{"spec.composite: is empty; write a list such as"}},
		"empty long":      {`{of: []}`, []string{"spec.composite.of: is empty"}},
		"no parts":        {`{method: any_bad}`, []string{"spec.composite.of: is missing"}},
		"weight 0":        {`[{slo: a, weight: 0}]`, []string{"spec.composite[0].weight: must be above 0, not 0"}},
		"weight below 0":  {`{of: [{slo: a}, {slo: b, weight: -1}]}`, []string{"spec.composite.of[1].weight: must be above 0, not -1"}},
		"weight no value": {`[{slo: a, weight: .nan}]`, []string{"spec.composite[0].weight: must be above 0, not NaN"}},
		"no name":         {`[{weight: 1}]`, []string{"spec.composite[0].slo: is missing"}},
		"no such name":    {`[{slo: a/b/c}]`, []string{`spec.composite[0].slo: "a:b/c" does not name an SLO`}},
		"unknown field":   {`[{slo: a, wieght: 1}]`, []string{`spec.composite[0].wieght: unknown field; did you mean "weight"?`}},
		"method":          {`{method: sumofmisses, of: [{slo: a}]}`, []string{`spec.composite.method: "sumofmisses" is not a method of composites; did you mean "sum_of_misses"?`}},
		"late as":         {`{late: {as: ignore}, of: [{slo: a}]}`, []string{`spec.composite.late.as: "ignore" is not what a late part can count as; known here: left_out, bad, good`}},
		"late 0":          {`{late: {after: 0s}, of: [{slo: a}]}`, []string{"spec.composite.late.after: must not be 0"}},
		"late short":      {`{late: {after: 5s}, of: [{slo: a}]}`, []string{"spec.composite.late.after: must be between 10s and 1h, not 5s"}},
		"late long":       {`{late: {after: 2h}, of: [{slo: a}]}`, []string{"spec.composite.late.after: must be between 10s and 1h, not 2h"}},
		"slice":           {`{slice: 90s, of: [{slo: a}]}`, []string{"spec.composite.slice: 1m30s is not a whole number of minutes; write 2m"}},
		"slice 0":         {`{slice: 0s, of: [{slo: a}]}`, []string{"spec.composite.slice: 0s is not a whole number of minutes; write 1m"}},
		"slice too long":  {`{slice: 4d, of: [{slo: a}]}`, []string{"spec.composite.slice: 4d is longer than a tenth of the window of 30d"}},
		"twice":           {`[{slo: a}, {slo: b}, {slo: shop/a}]`, []string{"spec.composite[2].slo: shop:a is the part spec.composite[0] already"}},
		"weight of any":   {`{method: any_bad, of: [{slo: a}, {slo: b, weight: 2}]}`, []string{"spec.composite.of[1].weight: is of no use to any_bad"}},
		"beside sli":      {"[{slo: a}]\n  sli: {ratio: {total: a, bad: b}}", []string{"spec.sli: stands beside spec.composite"}},
		"groups":          {"[{slo: a}]\n  groupBy: [route]", []string{"spec.groupBy: is of no use to a composite"}},
		"budgeting":       {"[{slo: a}]\n  budgeting: {method: ratio_timeslices}", []string{"spec.budgeting: is of no use to a composite"}},
		"null":            {"null", []string{"spec.sli: is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			specs, problems := Load("f.yaml", []byte(journey(c.text)))
			if len(specs) != 0 {
				t.Error("it was taken")
			}
			if len(problems) != len(c.want) {
				t.Errorf("problems %v, want %q", problems, c.want)
				return
			}
			for i, p := range problems {
				text := p.Field + ": " + p.Message + "; " + p.Fix
				if !strings.HasPrefix(text, c.want[i]) {
					t.Errorf("%s\nwant %s", text, c.want[i])
				}
			}
		})
	}
}

// renamed is a composite of one service with another name.
func renamed(name, composite string) string {
	return "---\n" + strings.Replace(journey(composite), "journey", name, 1)
}

func TestLink(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		kept string
		want []string
	}{
		"sound":   {journey(`[{slo: search}, {slo: pay/all}]`) + plain("shop", "search") + plain("pay", "all"), "shop:journey shop:search pay:all", nil},
		"before":  {plain("shop", "search") + renamed("journey", `[{slo: search}]`), "shop:search shop:journey", nil},
		"deep":    {renamed("a", `[{slo: b}, {slo: x}]`) + renamed("b", `[{slo: x}]`) + plain("shop", "x"), "shop:a shop:b shop:x", nil},
		"missing": {journey(`[{slo: search}, {slo: serach}]`) + plain("shop", "search"), "shop:search", []string{`shop:journey spec.composite[1].slo: there is no SLO shop:serach; did you mean "shop:search"?`}},
		"alone":   {journey(`[{slo: search}]`), "", []string{"shop:journey spec.composite[0].slo: there is no SLO shop:search; write the service and the name of one that is loaded, such as checkout/availability"}},
		"faulty":  {journey(`[{slo: search}]`) + strings.Replace(plain("shop", "search"), "99.9%", "0%", 1), "", []string{"shop:journey spec.composite[0].slo: shop:search cannot be used: its own problem says why; correct that one, or remove the part"}},
		"both":    {journey(`[{slo: a}, {slo: b}]`), "", []string{"shop:journey spec.composite[0].slo: there is no SLO shop:a; write the service and the name of one that is loaded, such as checkout/availability", "shop:journey spec.composite[1].slo: there is no SLO shop:b; write the service and the name of one that is loaded, such as checkout/availability"}},
		"of faulty": {renamed("a", `[{slo: b}]`) + renamed("b", `[{slo: other}]`) + plain("shop", "y"), "shop:y", []string{
			"shop:b spec.composite[0].slo: there is no SLO shop:other; known here: shop:a, shop:y",
			"shop:a spec.composite[0].slo: shop:b cannot be used: its own problem says why; correct that one, or remove the part",
		}},
		"itself": {journey(`[{slo: journey}]`), "", []string{"shop:journey spec.composite[0].slo: is made of itself: shop:journey → shop:journey; remove one of these parts"}},
		"circle": {renamed("a", `[{slo: x}, {slo: b}]`) + renamed("b", `{of: [{slo: a}]}`) + renamed("c", `[{slo: other}, {slo: d}, {slo: a}]`) + renamed("d", `[{slo: x}]`) + plain("shop", "x"), "shop:d shop:x", []string{
			"shop:a spec.composite[1].slo: is made of itself: shop:a → shop:b → shop:a; remove one of these parts",
			"shop:b spec.composite.of[0].slo: is made of itself: shop:b → shop:a → shop:b; remove one of these parts",
			"shop:c spec.composite[0].slo: there is no SLO shop:other; known here: shop:a, shop:b, shop:d, shop:x",
			"shop:c spec.composite[2].slo: shop:a cannot be used: it leads to a composite that is made of itself; correct that one, or remove the part",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			specs, found := Load("f.yaml", []byte(c.text))
			kept, problems := Link(specs, found)
			var ids, texts []string
			for _, s := range kept {
				ids = append(ids, s.ID())
			}
			for _, p := range problems {
				if p.Severity != Error || p.Origin.File != "f.yaml" || p.Origin.Document == 0 {
					t.Errorf("%+v does not say where", p)
				}
				texts = append(texts, p.SLO+" "+p.Field+": "+p.Message+"; "+p.Fix)
			}
			if got := strings.Join(ids, " "); got != c.kept {
				t.Errorf("kept %q, want %q", got, c.kept)
			}
			if diff := cmp.Diff(c.want, texts); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// As many composites as a file may hold are linked in no time: in a chain, in a
// circle, and where nothing is there.
func TestLinkMany(t *testing.T) {
	const n = 4_000
	name := func(i int) string {
		return strings.Repeat("x", 1+i%50) + "." + string(rune('a'+i%26)) + time.Duration(i).String()
	}
	var specs []*Spec
	for i := range n {
		specs = append(specs, &Spec{Service: "shop", Name: name(i), Composite: &Composite{Parts: []Part{{SLO: "shop:" + name(i+1)}}}})
	}
	specs = append(specs, &Spec{Service: "shop", Name: name(n)})
	if kept, problems := Link(specs, nil); len(kept) != n+1 || len(problems) > 0 {
		t.Errorf("%d kept, %d problems", len(kept), len(problems))
	}
	if kept, problems := Link(specs[:n], nil); len(kept) != 0 || len(problems) != n {
		t.Errorf("%d kept, %d problems", len(kept), len(problems))
	}
	specs[n-1].Composite.Parts[0].SLO = specs[0].ID()
	if kept, problems := Link(specs[:n], nil); len(kept) != 0 || len(problems) != n {
		t.Errorf("in a circle: %d kept, %d problems", len(kept), len(problems))
	}
	for i, s := range specs[:n] {
		s.Composite.Parts[0].SLO = "shop:nothing" + name(i)
	}
	if kept, problems := Link(specs, nil); len(kept) != 1 || len(problems) != n {
		t.Errorf("without parts: %d kept, %d problems", len(kept), len(problems))
	}
}
