package sli

import (
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// TestMeanings: what a value says of events is told by the outermost functions
// of ranges.
func TestMeanings(t *testing.T) {
	for text, want := range map[string]meaning{
		`sum(rate(x[{{.window}}]))`:                      {rates, true},
		`sum by (a) (increase(x{b="c"}[{{ .window }}]))`: {numbers, true},
		`rate(x[5m])`:                                                          {rates, false},
		`max(rate(x[{{.window}}]))`:                                            {rates, false},
		`irate(x[5m])`:                                                         {rates, false},
		`deriv(x[5m])`:                                                         {rates, false},
		`sum_over_time(x[{{.window}}])`:                                        {numbers, true},
		`sum_over_time((count(x < 1))[{{.window}}:])`:                          {numbers, false},
		`max_over_time(rate(x[1m])[5m:1m])`:                                    {rates, false},
		`sum(rate(a[{{.window}}])) - sum(rate(b[{{.window}}]))`:                {rates, true},
		`sum(increase(a[{{.window}}])) or vector(0)`:                           {numbers, true},
		`sum(rate(a[1m])) + sum(increase(b[1m]))`:                              {unclear, false},
		`sum(rate(a[1m])) * 60`:                                                {unclear, false},
		`sum(rate(a[1m])) * on() group_left up`:                                {rates, false},
		`histogram_count(rate(h[{{.window}}]))`:                                {rates, true},
		`histogram_fraction(0, 1, rate(h[1m])) * histogram_count(rate(h[1m]))`: {rates, false},
		`rate(a[1m]) / rate(b[1m])`:                                            {plain, false},
		`increase(a[{{.window}}]) > 5`:                                         {numbers, false},
		`count(rate(a[1m]) > 1)`:                                               {plain, false},
		`label_replace(rate(a[{{.window}}]), "x", "$1", "y", "(.*)")`:          {rates, false},
		`job:requests:rate5m`:                                                  {rates, false},
		`sum(job:requests:increase1m)`:                                         {numbers, false},
		`job:requests`:                                                         {plain, false},
		`queue_length`:                                                         {plain, false},
		`clamp_max(increase(a[{{.window}}]), 10)`:                              {numbers, false},
	} {
		if got := meaningOfPromQL(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	for text, want := range map[string]meaning{
		`sum(rate({app="x"}[{{.window}}]))`:                                {rates, true},
		`sum by (r) (count_over_time({app="x"} |= "rate(" [{{.window}}]))`: {numbers, true},
		"sum(count_over_time({app=\"x\"} |~ `a\\[5m\\]` [{{.window}}]))":   {numbers, true},
		`count_over_time({app="x"}[5m])`:                                   {numbers, false},
		`max(rate({app="x"}[{{.window}}]))`:                                {rates, false},
		`sum(sum_over_time({app="x"} | json | unwrap n [{{.window}}]))`:    {numbers, true},
		`sum(rate({a="x"}[1m])) / sum(count_over_time({a="x"}[1m]))`:       {unclear, false},
		`sum(count_over_time({app="x"} | json | took > 1s [{{.window}}]))`: {numbers, false},
		`quantile_over_time(0.9, {app="x"} | unwrap n [{{.window}}])`:      {plain, false},
		`sum(count_over_time({app="x"}[{{.window}}])) or vector(0)`:        {numbers, true},
	} {
		if got := meaningOfLogQL(text); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

// TestAsk: a server is asked what is not counted here, where its answer is a
// number of events.
func TestAsk(t *testing.T) {
	for _, c := range []struct {
		ratio slo.Ratio
		want  bool
	}{
		{slo.Ratio{Total: `sum(irate(all[5m]))`, Bad: `sum(irate(failed[5m]))`}, true},
		{slo.Ratio{Total: `sum(rate(all[1m]) * on() group_left up)`, Good: `sum(rate(fine[1m]))`}, true},
		{slo.Ratio{ErrorRatio: `1 - quantile(0.1, probe_success)`}, true},
		{slo.Ratio{ErrorRatio: `max(rate(failed_total[5m]) / on(job) rate(all_total[5m]))`}, true},
		{slo.Ratio{ErrorRatio: `failed_total / on(job) all_total`}, false},           // the ratio of all time
		{slo.Ratio{Total: `max(all_total)`, Bad: `max(failed_total)`}, false},        // all events since they began
		{slo.Ratio{Total: `max(all)`, Bad: `max(failed)`}, false},                    // who knows what these are
		{slo.Ratio{Total: `sum(rate(all[1m]))`, Bad: `sum(rate(failed[1m])`}, false}, // no PromQL
		{slo.Ratio{ErrorRatio: `scalar(up)`}, false},                                 // no series
	} {
		spec := &slo.Spec{Service: "shop", Name: "a", SLI: slo.SLI{Ratio: &c.ratio}}
		p := Ask(spec)
		if (p != nil) != c.want || (spec.SLI.Query != nil) != c.want || (spec.SLI.Ratio == nil) != c.want {
			t.Errorf("%+v: asked %v", c.ratio, p != nil)
			continue
		}
		if p != nil && (!p.Classified() || p.Question().Step != time.Minute) {
			t.Errorf("%+v: program %+v", c.ratio, p)
		}
	}
}

// TestRemarks: the value of a counter is no number of events.
func TestRemarks(t *testing.T) {
	for text, want := range map[string]int{
		`sum(http_requests_total)`: 1, `sum(increase(http_requests_total[1m]))`: 0, `count(http_requests_total)`: 0,
		`queue_length`: 0, `sum_over_time(sum(x_count)[5m:])`: 0,
	} {
		spec := &slo.Spec{SLI: slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: text, Bad: `sum(increase(b_total[1m]))`}}}}
		if got := Remarks(spec); len(got) != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}

// TestServedQuestions: people are told what an answer is taken for.
func TestServedQuestions(t *testing.T) {
	for _, c := range []struct {
		query slo.Query
		want  []string
	}{
		{slo.Query{Language: slo.LogQL, Step: time.Minute, Ratio: slo.Ratio{Total: `sum(rate({a="b"}[1m]))`, Bad: `sum(rate({a="b"} |= "x" [1m]))`}}, []string{
			`sum(rate({a="b"} |= "x" [1m])): asked of Loki every 1m, a rate, times 60 s`,
			`sum(rate({a="b"}[1m])): asked of Loki every 1m, a rate, times 60 s`,
		}},
		{slo.Query{Language: slo.PromQL, Step: 30 * time.Second, Ratio: slo.Ratio{ErrorRatio: `a / b`}}, []string{
			`a / b: asked of a PromQL backend every 30s, each answer counts as one event: time is counted`,
		}},
		{slo.Query{Language: slo.PromQL, Step: time.Minute, Ratio: slo.Ratio{Total: `increase(a[1m])`, Good: `good`}}, []string{
			`good: asked of a PromQL backend every 1m, taken for events in that time, for nothing says whether it is a rate`,
			`increase(a[1m]): asked of a PromQL backend every 1m, a number of events`,
		}},
	} {
		got := (&Program{Spec: &slo.Spec{SLI: slo.SLI{Query: &c.query}}}).Served()
		if len(got) != len(c.want) {
			t.Errorf("%q", got)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%q, want %q", got[i], c.want[i])
			}
		}
	}
}
