package slo

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests must not depend on the machine's

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

const goodRatio = `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: checkout-availability, labels: {team: payments}}
spec:
  service: checkout
  description: Shoppers can pay
  objective: 99.9%
  window: 30d                      # or {calendar: month, timeZone: Europe/Berlin}
  sli:
    ratio:
      total: http_requests_total{job="checkout"}
      bad:   http_requests_total{job="checkout", code=~"5.."}
  groupBy: [route]                 # one budget per route
`

// document returns goodRatio with replacements: old, new, old, new, ...
func documentWith(t testing.TB, pairs ...string) string {
	t.Helper()
	text := goodRatio
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in the document", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func mustObjective(t testing.TB, s string) Objective {
	t.Helper()
	o, err := ParseObjective(s)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var compareSpecs = cmp.Options{
	cmp.Comparer(func(a, b Objective) bool { return a == b }),
	cmp.Comparer(func(a, b *time.Location) bool { return a == b || (a != nil && b != nil && a.String() == b.String()) }),
}

func TestLoadGood(t *testing.T) {
	above, below := 10.0, 100.5
	base := Spec{
		Service: "checkout", Name: "checkout-availability", Description: "Shoppers can pay",
		Labels: map[string]string{"team": "payments"}, Objective: mustObjective(t, "99.9%"),
		Window: Window{Rolling: 30 * day}, GroupBy: []string{"route"}, MaxGroups: DefaultMaxGroups,
		SLI: SLI{Ratio: &Ratio{
			Total: `http_requests_total{job="checkout"}`,
			Bad:   `http_requests_total{job="checkout", code=~"5.."}`,
		}},
		Origin: Origin{File: "a.yaml", Document: 1, Line: 1},
		Format: Format{APIVersion, KindSLO},
	}
	with := func(change func(*Spec)) Spec { s := base; change(&s); return s }
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		text string
		want Spec
	}{
		"the design's": {goodRatio, base},
		"calendar": {
			documentWith(t, "window: 30d", "window: {calendar: month, timeZone: Europe/Berlin}"),
			with(func(s *Spec) { s.Window = Window{Period: Month, Location: berlin} }),
		},
		"one of windows": {
			documentWith(t, "window: 30d", "windows: [{calendar: week}]"),
			with(func(s *Spec) {
				s.Window, s.Fields = Window{Period: Week}, map[string]string{"spec.window": "spec.windows[0]"}
			}),
		},
		"good, bare ratio": {
			documentWith(t, "bad:   http", "good: http", "99.9%", "0.9995"),
			with(func(s *Spec) {
				s.SLI = SLI{Ratio: &Ratio{Total: base.SLI.Ratio.Total, Good: base.SLI.Ratio.Bad}}
				s.Objective = mustObjective(t, "99.95%")
			}),
		},
		"everything": {
			documentWith(t, "labels: {team: payments}", "annotations: {a: [1, ~]}",
				"groupBy: [route]", "groupBy: [route, http.method]\n  maxGroups: 5\n  budgeting: {method: occurrences}\n  alerting:\n    disabled: true\n    labels: {route_to: x}\n    annotations: {runbook_url: http://r}\n  #"),
			with(func(s *Spec) {
				s.Labels, s.GroupBy, s.MaxGroups = nil, []string{"route", "http.method"}, 5
				s.Alerting = Alerting{Disabled: true, Labels: map[string]string{"route_to": "x"}, Annotations: map[string]string{"runbook_url": "http://r"}}
			}),
		},
		"latency": {
			goodRatio[:strings.Index(goodRatio, "    ratio:")] + "    latency: {histogram: h_seconds, below: 300ms}\n",
			with(func(s *Spec) {
				s.SLI, s.GroupBy = SLI{Latency: &Latency{Histogram: "h_seconds", Below: 300 * time.Millisecond, Unit: time.Second}}, nil
			}),
		},
		"latency in ms": {
			goodRatio[:strings.Index(goodRatio, "    ratio:")] + "    latency: {histogram: h, below: 1m, unit: ms, errors: 'h{code=\"500\"}'}\n",
			with(func(s *Spec) {
				s.SLI, s.GroupBy = SLI{Latency: &Latency{Histogram: "h", Below: time.Minute, Unit: time.Millisecond, Errors: `h{code="500"}`}}, nil
			}),
		},
		"threshold": {
			goodRatio[:strings.Index(goodRatio, "    ratio:")] + "    threshold: {metric: queue, above: 10, below: 100.5}\n",
			with(func(s *Spec) {
				s.SLI, s.GroupBy = SLI{Threshold: &Threshold{Metric: "queue", Above: &above, Below: &below, Slice: time.Minute}}, nil
			}),
		},
		"JSON": {
			`{"apiVersion": "slo-engine.dev/v1", "kind": "SLO", "metadata": {"name": "checkout-availability", "labels": {"team": "payments"}},
			"spec": {"service": "checkout", "description": "Shoppers can pay", "objective": "99.9 %", "window": "30d", "groupBy": ["route"],
			"sli": {"ratio": {"total": "http_requests_total{job=\"checkout\"}", "bad": "http_requests_total{job=\"checkout\", code=~\"5..\"}"}}}}`,
			base,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			specs, problems := Load("a.yaml", []byte(test.text))
			if len(problems) > 0 || len(specs) != 1 {
				t.Fatalf("%d specs, problems %v", len(specs), problems)
			}
			if diff := cmp.Diff(test.want, *specs[0], compareSpecs); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestLoadProblems states, for one change of a good document, the line, path,
// message and fix of each problem.
func TestLoadProblems(t *testing.T) {
	sli := goodRatio[strings.Index(goodRatio, "    ratio:"):strings.Index(goodRatio, "  groupBy")]
	long := strings.Repeat("x", 200)
	names := "begin with a letter or digit, go on with letters, digits, '_', '.' and '-'"
	tests := map[string]struct {
		change []string
		want   []string // line path: message; fix
	}{
		"no apiVersion":      {[]string{"apiVersion: slo-engine.dev/v1", ""}, []string{"2 apiVersion: is missing; write apiVersion: slo-engine.dev/v1"}},
		"apiVersion typo":    {[]string{"slo-engine.dev/v1", "slo-engin.dev/v1"}, []string{`1 apiVersion: "slo-engin.dev/v1" is not known; did you mean "slo-engine.dev/v1"?`}},
		"apiVersion":         {[]string{"slo-engine.dev/v1", "v1"}, []string{`1 apiVersion: "v1" is not known; known here: slo-engine.dev/v1`}},
		"openslo":            {[]string{"slo-engine.dev/v1", "openslo/v1"}, []string{`1 apiVersion: "openslo/v1" is not known; known here: slo-engine.dev/v1`}},
		"sloth":              {[]string{"apiVersion: slo-engine.dev/v1", "version: prometheus/v1"}, []string{`1 apiVersion: "prometheus/v1" is not known; known here: slo-engine.dev/v1`}},
		"no kind":            {[]string{"kind: SLO", ""}, []string{"1 kind: is missing; write kind: SLO"}},
		"kind typo":          {[]string{"kind: SLO", "kind: Slo"}, []string{`2 kind: kind "Slo" is not known; did you mean "SLO"?`}},
		"name":               {[]string{"name: checkout-availability", "name: checkout/availability"}, []string{`3 metadata.name: "checkout/availability" is not a name; ` + names}},
		"empty name":         {[]string{"name: checkout-availability", "name: ''"}, []string{"3 metadata.name: is empty; " + names}},
		"name missing":       {[]string{"name: checkout-availability, ", ""}, []string{"3 metadata.name: is missing; write a name such as checkout-availability"}},
		"long name":          {[]string{"name: checkout-availability", "name: " + long}, []string{"3 metadata.name: has 200 bytes, more than the 128 allowed; shorten it"}},
		"service":            {[]string{"service: checkout", "service: -x"}, []string{`5 spec.service: "-x" is not a name; ` + names}},
		"spec is a list":     {[]string{"spec:\n  service: checkout\n", "spec: [a]\nspek:\n"}, []string{"4 spec: must be a mapping of fields, not a list", `5 spek: unknown field; did you mean "spec"?`}},
		"bare percentage":    {[]string{"99.9%", "99.9"}, []string{`7 spec.objective: "99.9" is above 1 and has no % sign; write "99.9%"`}},
		"comma":              {[]string{"99.9%", "99,9%"}, []string{`7 spec.objective: "99,9%" is not a percentage; write "99.9%"`}},
		"objective 0":        {[]string{"99.9%", "0"}, []string{`7 spec.objective: an objective of 0 or less promises nothing; write a percentage between 0% and 100%, such as "99.9%"`}},
		"objective 100":      {[]string{"99.9%", "100%"}, []string{`7 spec.objective: an objective of 100% or more leaves no error budget to burn; write a percentage between 0% and 100%, such as "99.9%"`}},
		"objective list":     {[]string{"99.9%", "[99.9%]"}, []string{"7 spec.objective: must be a string, not a list"}},
		"objective missing":  {[]string{"objective: 99.9%", ""}, []string{"4 spec.objective: is missing; write a percentage such as 99.9%"}},
		"window missing":     {[]string{"window: 30d", "# none"}, []string{"4 spec.window: is missing; write 30d, or {calendar: month}"}},
		"window number":      {[]string{"window: 30d", "window: 30"}, []string{"8 spec.window: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"}},
		"window unit":        {[]string{"window: 30d", "window: 30x"}, []string{`8 spec.window: "30x" is not a duration; write a number with a unit, such as 30s, 5m, 1h30m or 30d`}},
		"window 0":           {[]string{"window: 30d", "window: 0s"}, []string{"8 spec.window: must not be 0; write at least 5m"}},
		"window short":       {[]string{"window: 30d", "window: 1m"}, []string{"8 spec.window: 1m is too short for a burn rate to mean anything; write at least 5m"}},
		"window long":        {[]string{"window: 30d", "window: 91d"}, []string{"8 spec.window: 91d is longer than this version keeps; write at most 90d, or a calendar period"}},
		"window fraction":    {[]string{"window: 30d", "window: 6m1ms"}, []string{"8 spec.window: 6m1ms is not a whole number of seconds; write 6m"}},
		"period":             {[]string{"window: 30d", "window: {calendar: mont}"}, []string{`8 spec.window.calendar: "mont" is not a calendar period; did you mean "month"?`}},
		"no period":          {[]string{"window: 30d", "window: {timeZone: UTC}"}, []string{"8 spec.window.calendar: is missing; write day, week, month, quarter or year"}},
		"zone":               {[]string{"window: 30d", "window: {calendar: day, timeZone: Europe/Berlim}"}, []string{`8 spec.window.timeZone: "Europe/Berlim" is not a time zone; write a name of the IANA database, such as Europe/Berlin or UTC`}},
		"zone of machine":    {[]string{"window: 30d", "window: {calendar: day, timeZone: Local}"}, []string{`8 spec.window.timeZone: "Local" is not a time zone; write a name of the IANA database, such as Europe/Berlin or UTC`}},
		"zone typo":          {[]string{"window: 30d", "window: {calendar: day, timezone: UTC}"}, []string{`8 spec.window.timezone: unknown field; did you mean "timeZone"?`}},
		"windows and window": {[]string{"window: 30d", "windows: [30d]\n  window: 7d"}, []string{"8 spec.windows: stands beside spec.window; keep one of the two"}},
		"windows broken":     {[]string{"window: 30d", "windows: [1y2]"}, []string{`8 spec.windows[0]: "1y2" is not a duration; write a number with a unit, such as 30s, 5m, 1h30m or 30d`}},
		"no sli":             {[]string{sli, ""}, []string{"9 spec.sli: is missing; write ratio, latency, threshold, spans, logs, promql, logql"}},
		"empty sli":          {[]string{"sli:\n" + sli, "sli: {}\n"}, []string{"9 spec.sli: says nothing to measure; write one of ratio, latency, threshold, spans, logs, promql, logql"}},
		"sli typo":           {[]string{"ratio:", "ration:"}, []string{`10 spec.sli.ration: unknown field; did you mean "ratio"?`}},
		"two slis":           {[]string{sli, sli + "    latency: {histogram: h, below: 1s}\n"}, []string{"9 spec.sli: has ratio and latency; keep one of them; write an SLO for each other"}},
		"policy":             {[]string{"service: checkout", "service: checkout\n  alerting:\n    policy: x"}, []string{`7 spec.alerting.policy: no AlertPolicy is called "x"; write one, or remove the name`}},
		"timeslices":         {[]string{"service: checkout", "service: checkout\n  budgeting: {method: timeslices}"}, []string{"6 spec.budgeting.target: is missing; write the least share of good events in a good slice, such as 95%"}},
		"method":             {[]string{"service: checkout", "service: checkout\n  budgeting: {method: foo}"}, []string{`6 spec.budgeting.method: "foo" is not a budgeting method; write occurrences, timeslices or ratio_timeslices`}},
		"no total":           {[]string{"      total: http_requests_total{job=\"checkout\"}\n", ""}, []string{"10 spec.sli.ratio.total: is missing; write a counter of all events, such as http_requests_total"}},
		"empty total":        {[]string{"http_requests_total{job=\"checkout\"}\n", "' '\n"}, []string{"11 spec.sli.ratio.total: is missing; write a counter of all events, such as http_requests_total"}},
		"neither":            {[]string{"      bad: ", "      #"}, []string{"10 spec.sli.ratio: has neither good nor bad; write bad: with a counter of bad events, or good: with one of good events"}},
		"good and bad":       {[]string{"      bad: ", "      good: x\n      bad: "}, []string{"10 spec.sli.ratio: has both good and bad; keep one of the two"}},
		"empty bad":          {[]string{`bad:   http_requests_total{job="checkout", code=~"5.."}`, `bad: ""`}, []string{"12 spec.sli.ratio.bad: is empty; write a counter, or remove it"}},
		"good is total":      {[]string{`bad:   http_requests_total{job="checkout", code=~"5.."}`, `good: 'http_requests_total{job="checkout"} '`}, []string{"12 spec.sli.ratio.good: is the same as total: nothing could ever be bad; select the good events only"}},
		"bad is total":       {[]string{`bad:   http_requests_total{job="checkout", code=~"5.."}`, `bad: http_requests_total{job="checkout"}`}, []string{"12 spec.sli.ratio.bad: is the same as total: everything would be bad; select the bad events only"}},
		"below missing":      {[]string{sli, "    latency: {histogram: h}\n"}, []string{"10 spec.sli.latency.below: is missing; write a duration such as 300ms"}},
		"below 0":            {[]string{sli, "    latency: {histogram: h, below: 0s}\n"}, []string{"10 spec.sli.latency.below: must be above 0; write a duration such as 300ms"}},
		"below bare":         {[]string{sli, "    latency: {histogram: h, below: 0.3}\n"}, []string{"10 spec.sli.latency.below: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"}},
		"unit":               {[]string{sli, "    latency: {histogram: h, below: 1s, unit: seconds}\n"}, []string{`10 spec.sli.latency.unit: "seconds" is not a unit of time; write s, ms, us or ns`}},
		"errors":             {[]string{sli, "    latency: {histogram: h, below: 1s, errors: ''}\n"}, []string{"10 spec.sli.latency.errors: is empty; write a selector, or remove it"}},
		"no bound":           {[]string{sli, "    threshold: {metric: q}\n"}, []string{"10 spec.sli.threshold: has neither above nor below; write below: with the highest good value, or above: with the lowest"}},
		"crossed":            {[]string{sli, "    threshold: {metric: q, above: 2, below: 1}\n"}, []string{"10 spec.sli.threshold: above 2 and below 1 leave no good value; swap them: good values lie between above and below"}},
		"not finite":         {[]string{sli, "    threshold: {metric: q, above: .nan, below: .inf}\n"}, []string{"10 spec.sli.threshold.above: must be a finite number; write a number, or remove it", "10 spec.sli.threshold.below: must be a finite number; write a number, or remove it"}},
		"bound type":         {[]string{sli, "    threshold: {metric: q, below: 5GB}\n"}, []string{"10 spec.sli.threshold.below: must be a number, not a string"}},
		"short slice":        {[]string{sli, "    threshold: {metric: q, below: 1, slice: 10ms}\n"}, []string{"10 spec.sli.threshold.slice: 10ms is shorter than a second; write at least 1s"}},
		"slice 0":            {[]string{sli, "    threshold: {metric: q, below: 1, slice: 0s}\n"}, []string{"10 spec.sli.threshold.slice: must be at least 1s; remove it for the default of 1m"}},
		"slice fraction":     {[]string{sli, "    threshold: {metric: q, below: 1, slice: 1s500ms}\n"}, []string{"10 spec.sli.threshold.slice: 1s500ms is not a whole number of seconds; write 2s"}},
		"long slice":         {[]string{sli, "    threshold: {metric: q, below: 1, slice: 31d}\n"}, []string{"10 spec.sli.threshold.slice: 31d is longer than the window of 30d; write a shorter slice, such as 1m"}},
		"group twice":        {[]string{"[route]", "[route, a, route]"}, []string{`13 spec.groupBy[2]: label "route" is there twice; remove one of them`}},
		"reserved group":     {[]string{"[route]", "[le]"}, []string{`13 spec.groupBy[0]: label "le" is reserved: the engine sets it itself; rename it`}},
		"empty group":        {[]string{"[route]", "['']"}, []string{"13 spec.groupBy[0]: a label needs a name; write one, or remove it"}},
		"internal group":     {[]string{"[route]", "[__name__]"}, []string{`13 spec.groupBy[0]: label "__name__" is internal to Prometheus; take a name without leading underscores`}},
		"group type":         {[]string{"[route]", "route"}, []string{"13 spec.groupBy: must be a list, not a string"}},
		"maxGroups 0":        {[]string{"groupBy: [route]", "maxGroups: 0"}, []string{"13 spec.maxGroups: must be between 1 and 100000, not 0; remove it for the default of 1000"}},
		"maxGroups":          {[]string{"groupBy: [route]", "maxGroups: 100001"}, []string{"13 spec.maxGroups: must be between 1 and 100000, not 100001; remove it for the default of 1000"}},
		"maxGroups type":     {[]string{"groupBy: [route]", "maxGroups: few"}, []string{"13 spec.maxGroups: must be a whole number, not a string"}},
		"reserved label":     {[]string{"team: payments", "severity: high"}, []string{`3 metadata.labels.severity: label "severity" is reserved: the engine sets it itself; rename it`}},
		"alert label":        {[]string{"service: checkout", "service: checkout\n  alerting: {labels: {tier: x}}"}, []string{`6 spec.alerting.labels.tier: label "tier" is reserved: the engine sets it itself; rename it`}},
		"label in groupBy":   {[]string{"team: payments", "route: x"}, []string{`3 metadata.labels.route: label "route" is also in groupBy, which gives it another value; remove one of them`}},
		"label type":         {[]string{"team: payments", "team: 1.0"}, []string{"3 metadata.labels.team: must be a string, not a number; put it in quotes"}},
		"long value":         {[]string{"team: payments", "team: " + strings.Repeat("x", 4097)}, []string{"3 metadata.labels.team: the value has 4097 bytes, more than the 4096 allowed; shorten it"}},
		"long annotation":    {[]string{"service: checkout", "service: checkout\n  alerting: {annotations: {a: " + strings.Repeat("x", 4097) + "}}"}, []string{"6 spec.alerting.annotations.a: the value has 4097 bytes, more than the 4096 allowed; shorten it"}},
		"syntax":             {[]string{"  service: checkout", "  service: [checkout"}, []string{"5 : not valid YAML: did not find expected ',' or ']'"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			specs, problems := Load("a.yaml", []byte(documentWith(t, test.change...)))
			if len(specs) != 0 {
				t.Errorf("the document was taken")
			}
			if diff := cmp.Diff(test.want, brief(problems)); diff != "" {
				t.Error(diff)
			}
			for _, p := range problems {
				if p.File != "a.yaml" || p.Document != 1 || p.Severity != Error {
					t.Errorf("wrong origin or severity: %+v", p)
				}
			}
		})
	}
}

func brief(problems []Problem) []string {
	var lines []string
	for _, p := range problems {
		s := fmt.Sprintf("%d %s: %s", p.Line, p.Field, p.Message)
		if p.Fix != "" {
			s += "; " + p.Fix
		}
		lines = append(lines, s)
	}
	return lines
}

func TestLoadEverythingAtOnce(t *testing.T) {
	_, problems := Load("all.yaml", []byte(`# a comment first
apiVersion: slo-engine.dev/v1
kind: SLO
metadata:
  name: bad name
  labels: {severity: x, team: 7}
spec:
  servise: checkout
  objective: 99.9
  window: 1m
  groupBy: [route, route]
  maxGroups: -1
  source: [main]
  sli:
    ratio:
      total: x
      total: y
      bad: x
    latency: {below: soon}
`))
	want := []string{
		"5 metadata.name",
		"6 metadata.labels.severity",
		"6 metadata.labels.team",
		"7 spec.service",
		"8 spec.servise",
		"9 spec.objective",
		"10 spec.window",
		"11 spec.groupBy[1]",
		"12 spec.maxGroups",
		"13 spec.source",
		"17 spec.sli.ratio.total",
		"18 spec.sli.ratio.bad",
		"19 spec.sli.latency.below",
		"19 spec.sli.latency.histogram",
	}
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%d %s", p.Line, p.Field))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, problems)
	}
}

func TestLoadNeighbours(t *testing.T) {
	second := documentWith(t, "name: checkout-availability", "name: other")
	text := goodRatio + "---\nkind: [\n---\n# only a comment\n---\n" + second + "--- {kind: SLO}\n---\n" + documentWith(t, "kind: SLO", "kind: ReleaseGate")
	specs, problems := Load("f.yaml", []byte(text))
	if len(specs) != 2 || specs[0].Name != "checkout-availability" || specs[1].Name != "other" {
		t.Fatalf("specs %v", specs)
	}
	if want := (Origin{"f.yaml", 3, 19}); specs[1].Origin != want {
		t.Errorf("origin %+v, want %+v", specs[1].Origin, want)
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.Origin.String()+" "+p.Field)
	}
	want := []string{"f.yaml:15 (document 2) ", "f.yaml:32 (document 4) apiVersion", "f.yaml:35 (document 5) kind"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%v", diff, problems)
	}
}

func TestLoadNamesTheSLO(t *testing.T) {
	_, problems := Load("a.yaml", []byte(documentWith(t, "window: 30d", "window: 1")))
	if len(problems) != 1 || problems[0].SLO != "checkout:checkout-availability" {
		t.Errorf("got %+v", problems)
	}
	want := "a.yaml:8 (document 1): error: spec.window: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"
	if got := problems[0].String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadWarning(t *testing.T) {
	specs, problems := Load("a.yaml", []byte(documentWith(t, "team: payments", "team: ''")))
	if len(specs) != 1 || len(problems) != 1 || problems[0].Severity != Warning || problems[0].Field != "metadata.labels.team" {
		t.Errorf("specs %v, problems %v", specs, problems)
	}
}

func TestLoadCheck(t *testing.T) {
	asked := 0
	l := Loader{Check: func(s *Spec) []Problem {
		asked++
		if s.Name == "other" {
			return []Problem{{Field: "spec.sli.ratio.bad", Message: "does not compile"}}
		}
		return []Problem{{Severity: Warning, Message: "slow"}}
	}}
	text := goodRatio + "---\n" + documentWith(t, "name: checkout-availability", "name: other") + "---\n" + documentWith(t, "30d", "30")
	specs, problems := l.Load(File{"a.yaml", []byte(text)})
	if len(specs) != 1 || specs[0].Name != "checkout-availability" || asked != 3 {
		t.Fatalf("specs %v, asked %d times", specs, asked)
	}
	want := []string{"1 : slow", "26 spec.sli.ratio.bad: does not compile", "36 spec.window: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"}
	if diff := cmp.Diff(want, brief(problems)); diff != "" {
		t.Error(diff)
	}
	if problems[1].SLO != "checkout:other" {
		t.Errorf("problem is of %q", problems[1].SLO)
	}
}

func TestLoadFormats(t *testing.T) {
	formats := Native()
	formats[Format{APIVersion: "prometheus/v1"}] = Decoder{SLOs: func(doc *strictyaml.Document, _ *Library) ([]*Spec, []Problem) {
		first, second := *validSpec(t), *validSpec(t)
		first.Service, second.Service, second.Name = doc.Text("service"), doc.Text("service"), "not a name"
		return []*Spec{&first, &second}, nil
	}}
	l := Loader{Formats: formats}
	specs, problems := l.Load(File{"a.yaml", []byte("version: prometheus/v1\nservice: sloth\n---\n" + goodRatio)})
	if len(specs) != 2 || specs[0].Service != "sloth" || specs[1].Service != "checkout" {
		t.Errorf("specs %v", specs)
	}
	if len(problems) != 1 || problems[0].SLO != "sloth:not a name" {
		t.Errorf("problems %v", problems)
	}
}

func validSpec(t testing.TB) *Spec {
	t.Helper()
	specs, problems := Load("valid.yaml", []byte(goodRatio))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return specs[0]
}

// TestValidateLibrary covers what only a Spec made by a program can say.
func TestValidateLibrary(t *testing.T) {
	got := map[string]bool{}
	s := Spec{
		Service: "s", Name: "n", Window: Window{Rolling: day, Period: Day}, GroupBy: []string{"\xff"},
		SLI: SLI{Latency: &Latency{Histogram: "h", Below: time.Second}}, Labels: map[string]string{"a": "\xff", "": "x"},
	}
	for _, p := range Validate(&s) {
		got[p.Field] = true
	}
	want := map[string]bool{
		"spec.objective": true, "spec.window": true, "spec.groupBy[0]": true, "spec.maxGroups": true,
		"spec.sli.latency.unit": true, "metadata.labels.a": true, `metadata.labels[""]`: true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnique(t *testing.T) {
	a, b, c := validSpec(t), validSpec(t), validSpec(t)
	b.Service, c.Origin = "other", Origin{"z.yaml", 2, 40}
	kept, problems := Unique([]*Spec{a, b, c})
	if len(kept) != 2 || kept[0] != a || kept[1] != b {
		t.Errorf("kept %v", kept)
	}
	want := []string{`40 metadata.name: service "checkout" already has an SLO "checkout-availability" at valid.yaml:1 (document 1); rename or remove one of them`}
	if diff := cmp.Diff(want, brief(problems)); diff != "" {
		t.Error(diff)
	}
}

func TestLoadHugeFile(t *testing.T) {
	specs, problems := Load("a.yaml", bytes.Repeat([]byte("#"), MaxFileBytes+1))
	if len(specs) != 0 || len(problems) != 1 || !strings.Contains(problems[0].Message, "10485761 bytes") {
		t.Errorf("specs %v, problems %v", specs, problems)
	}
}

// manyDocuments is a file of n good documents.
func manyDocuments(t testing.TB, n int) []byte {
	var b bytes.Buffer
	for i := range n {
		b.WriteString("---\n" + documentWith(t, "name: checkout-availability", fmt.Sprintf("name: slo-%d", i)))
	}
	return b.Bytes()
}

func BenchmarkLoad10000(b *testing.B) {
	data := manyDocuments(b, 10_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		specs, problems := Load("many.yaml", data)
		if len(specs) != 10_000 || len(problems) > 0 {
			b.Fatal(len(specs), problems)
		}
		if kept, _ := Unique(specs); len(kept) != len(specs) {
			b.Fatal(len(kept))
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(goodRatio)
	f.Add(goodRatio + "---\n" + goodRatio[:200])
	f.Add("apiVersion: slo-engine.dev/v1\nkind: SLO\nspec: {windows: [{calendar: day}], sli: {threshold: {metric: a, above: 1}, latency: {below: 1s}}}")
	f.Add("{\"apiVersion\": \"slo-engine.dev/v1\"}\n--- &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		specs, problems := Load("fuzz.yaml", []byte(text))
		good, bad := map[int]bool{}, map[int]bool{}
		for _, s := range specs {
			good[s.Origin.Document] = true
			if found := Validate(s); AnyError(found) {
				t.Errorf("an invalid spec was taken: %v", found)
			}
		}
		for _, p := range problems {
			if p.Severity == Error {
				bad[p.Document] = true
			}
			if p.Line < 1 || p.Line > strings.Count(text, "\n")+1+strings.Count(text, "\r")+strings.Count(text, "\u0085")+strings.Count(text, "\u2028")+strings.Count(text, "\u2029") || p.Message == "" {
				t.Errorf("odd problem: %+v", p)
			}
		}
		for i := range strictyaml.Split([]byte(text)) {
			if good[i+1] == bad[i+1] {
				t.Errorf("document %d: good %v, bad %v: %v", i+1, good[i+1], bad[i+1], problems)
			}
		}
	})
}
