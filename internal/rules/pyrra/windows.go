package pyrra

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const day = 24 * time.Hour

// A tier is one of the four alerts.
type tier struct {
	id, severity      string
	short, long, wait time.Duration
	factor            float64
}

// windowsOf scales the tiers, which are meant for 28 days, to a window. Pyrra
// rounds them to minutes.
func windowsOf(window time.Duration) [4]tier {
	scaled := func(d time.Duration) time.Duration { return (window / (28 * day / d)).Round(time.Minute) }
	return [4]tier{
		{"page_fast", "critical", scaled(5 * time.Minute), scaled(time.Hour), scaled(2 * time.Minute), 14},
		{"page_slow", "critical", scaled(30 * time.Minute), scaled(6 * time.Hour), scaled(15 * time.Minute), 7},
		{"ticket_fast", "warning", scaled(2 * time.Hour), scaled(day), scaled(time.Hour), 2},
		{"ticket_slow", "warning", scaled(6 * time.Hour), scaled(4 * day), scaled(3 * time.Hour), 1},
	}
}

// ranges are those that burn rates are recorded over, the shortest first.
func ranges(tiers [4]tier) (all []time.Duration) {
	for _, t := range tiers {
		all = append(all, t.short, t.long)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// interval is that of rules over the whole window: the longer, the dearer.
func interval(window time.Duration) time.Duration {
	if window < 7*day {
		return 30 * time.Second
	}
	weeks := min(int(window/(7*day)), 7)
	return time.Duration(30+30*weeks) * time.Second
}

// targetOf is the objective as the float that Pyrra computes from percent,
// which is not always the nearest one: 99.9 becomes 0.9990000000000001.
func targetOf(s *slo.Spec) float64 {
	percent, _ := strconv.ParseFloat(strings.TrimSuffix(s.Objective.String(), "%"), 64)
	return percent / 100
}

// exhaustion is how long the whole budget lasts at a tier's burn rate.
func exhaustion(window time.Duration, factor float64) time.Duration {
	return time.Duration(window.Seconds()/factor) * time.Second
}

// absentFor is when the first tier would fire if all events were bad.
func absentFor(first tier, target float64) time.Duration {
	seconds := first.factor * (1 - target) * first.long.Seconds()
	return (time.Duration(seconds)*time.Second + first.wait).Round(time.Minute)
}

// text is a duration as Prometheus writes it, weeks included: 4w.
func text(d time.Duration) string { return model.Duration(d).String() }

func float(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
