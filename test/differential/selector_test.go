package differential

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/promql/parser"
)

// selector reads a selector, or a series as Prometheus writes it.
func selector(text string) ([]*labels.Matcher, error) {
	matchers, err := parser.ParseMetricSelector(text)
	if err != nil {
		return nil, fmt.Errorf("read selector %s: %w", text, err)
	}
	return matchers, nil
}

func sortLabels(list []prompb.Label) {
	slices.SortFunc(list, func(a, b prompb.Label) int { return cmp.Compare(a.Name, b.Name) })
}

// selects reports whether a selector selects a series.
func selects(text, series string) bool {
	want, err := selector(text)
	if err != nil {
		panic(err) // a constant of the test
	}
	have, err := selector(series)
	if err != nil {
		panic(err)
	}
	for _, m := range want {
		i := slices.IndexFunc(have, func(h *labels.Matcher) bool { return h.Name == m.Name })
		value := ""
		if i >= 0 {
			value = have[i].Value
		}
		if !m.Matches(value) {
			return false
		}
	}
	return true
}
