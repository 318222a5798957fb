package sli

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What somebody who has the samples is asked for.
func TestSelectors(t *testing.T) {
	below := 10.0
	for name, c := range map[string]struct {
		sli  slo.SLI
		want []string
	}{
		"one covers the other": {badOf(`req{job="a"}`, `req{job="a",code=~"5.."}`), []string{`req{job="a"}`}},
		"in any order":         {goodOf(`req{job="a"}`, `req{code!="500",job="a"}`), []string{`req{job="a"}`}},
		"two metrics":          {badOf(`all{job="a"}`, `failed{job="a"}`), []string{`all{job="a"}`, `failed{job="a"}`}},
		"other values":         {badOf(`req{job="a"}`, `req{job="b"}`), []string{`req{job="a"}`, `req{job="b"}`}},
		"a whole bound":        {goodOf(`d_count`, `d_bucket{le="1"}`), []string{`d_count`, `d_bucket{le=~"1(\\.0)?"}`}},
		"a bound":              {goodOf(`d_count`, `d_bucket{le="0.5"}`), []string{`d_count`, `d_bucket{le="0.5"}`}},
		"a name of its own":    {badOf(`{"http.requests"}`, `{"http.requests",code="500"}`), []string{`{__name__="http.requests"}`}},
		"a gauge":              {slo.SLI{Threshold: &slo.Threshold{Metric: `queue{job="a"}`, Below: &below}}, []string{`queue{job="a"}`}},
	} {
		p := compileAll(t, spec("a", c.sli))[0]
		var got []string
		for _, s := range p.Selectors() {
			got = append(got, s.String())
		}
		if diff := cmp.Diff(c.want, got, cmp.Transformer("set", func(l []string) map[string]bool {
			set := map[string]bool{}
			for _, s := range l {
				set[s] = true
			}
			return set
		})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
