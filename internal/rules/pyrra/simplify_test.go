package pyrra

import (
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestSimplify(t *testing.T) {
	const total, good, bad = `all_total{job="a"}`, `all_total{code!~"5..",job="a"}`, `all_total{code=~"5..",job="a"}`
	rate := func(selector string) string { return "sum(rate(" + selector + "[{{.window}}]))" }
	const bucket, count = `h_bucket{job="a",le="0.3"}`, `h_count{job="a"}`
	for name, c := range map[string]struct{ from, want slo.Ratio }{
		"bare":             {slo.Ratio{Bad: bad, Total: total}, slo.Ratio{Bad: bad, Total: total}},
		"summed rates":     {slo.Ratio{Bad: rate(bad), Total: rate(total)}, slo.Ratio{Bad: bad, Total: total}},
		"a fixed range":    {slo.Ratio{Bad: "sum(increase(" + bad + "[5m])) or vector(0)", Total: rate(total)}, slo.Ratio{Bad: bad, Total: total}},
		"good":             {slo.Ratio{Good: rate(good), Total: rate(total)}, slo.Ratio{Bad: bad, Total: total}},
		"buckets":          {slo.Ratio{Good: rate(bucket), Total: rate(count)}, slo.Ratio{Good: bucket, Total: count}},
		"all but buckets":  {slo.Ratio{Bad: rate(count) + " - (" + rate(bucket) + " or vector(0))", Total: rate(count)}, slo.Ratio{Good: bucket, Total: count}},
		"bad / total":      {slo.Ratio{ErrorRatio: rate(bad) + " / " + rate(total)}, slo.Ratio{Bad: bad, Total: total}},
		"1 - good / total": {slo.Ratio{ErrorRatio: "1 - (\n" + rate(bucket) + "\n/\n" + rate(count) + "\n)"}, slo.Ratio{Good: bucket, Total: count}},
		"another sum":      {slo.Ratio{Bad: "sum by (x) (rate(" + bad + "[5m]))", Total: total}, slo.Ratio{Bad: "sum by (x) (rate(" + bad + "[5m]))", Total: total}},
		"2 - good / total": {slo.Ratio{ErrorRatio: "2 - a / b"}, slo.Ratio{ErrorRatio: "2 - a / b"}},
		"another total":    {slo.Ratio{Bad: "b - a", Total: "c"}, slo.Ratio{Bad: "b - a", Total: "c"}},
		"a ready ratio":    {slo.Ratio{ErrorRatio: "job:errors:ratio"}, slo.Ratio{ErrorRatio: "job:errors:ratio"}},
	} {
		s := Simplify(&slo.Spec{SLI: slo.SLI{Ratio: &c.from}})
		if *s.SLI.Ratio != c.want {
			t.Errorf("%s: %+v, want %+v", name, *s.SLI.Ratio, c.want)
		}
	}
}
