package api

import (
	"math"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// layout is which figures an instance has, and others that are like it: those
// of the same SLO, mostly.
type layout struct {
	figures []figure
	// What it was made of.
	spec      *slo.Spec
	core      bool
	also      int
	windows   []time.Duration
	tiers     []string // of the SLO
	strangers []string // further tiers that fire: the SLO had them once
}

// newLayout is that of an instance with these tiers. core leaves what every
// instance has a history of, however many there are.
func newLayout(in *engine.Instance, tiers []string, core bool) *layout {
	l := &layout{spec: in.Spec, core: core, also: len(in.Also), tiers: distinct(tiers), windows: make([]time.Duration, 0, len(in.Windows))}
	for _, r := range in.Windows {
		l.windows = append(l.windows, r.Window)
	}
	if !core {
		l.figures = make([]figure, 0, (1+l.also)*len(ofPeriod)+len(in.Windows)+len(counted)+len(tiers))
	}
	for period := range 1 + l.also {
		for _, f := range ofPeriod {
			f.period = period
			l.add(f, f.metric == remaining)
		}
	}
	for i, w := range l.windows {
		l.add(burnOf(i, w), w == time.Hour)
	}
	for _, f := range counted {
		l.add(f, true)
	}
	l.strangers = l.strangersOf(in)
	for _, tier := range slices.Concat(l.tiers, l.strangers) {
		l.add(stateOf(tier), false)
	}
	return l
}

func (l *layout) add(f figure, always bool) {
	if always || !l.core {
		l.figures = append(l.figures, f)
	}
}

// fits reports whether it is the layout of an instance, too.
func (l *layout) fits(in *engine.Instance, core bool) bool {
	return l.spec == in.Spec && l.core == core && l.also == len(in.Also) &&
		slices.EqualFunc(l.windows, in.Windows, func(w time.Duration, r engine.Reading) bool { return w == r.Window }) &&
		(core || slices.Equal(l.strangers, l.strangersOf(in)))
}

// strangersOf are the tiers that fire and are not among the SLO's.
func (l *layout) strangersOf(in *engine.Instance) (list []string) {
	for _, a := range in.Alerts {
		if !slices.Contains(l.tiers, a.Tier) && !slices.Contains(list, a.Tier) {
			list = append(list, a.Tier)
		}
	}
	return list
}

func distinct(list []string) []string {
	once := make([]string, 0, len(list))
	for _, text := range list {
		if !slices.Contains(once, text) {
			once = append(once, text)
		}
	}
	return once
}

// values appends the figures of an instance that fits; NaN where there is no
// number.
func (l *layout) values(in *engine.Instance, to []float64) []float64 {
	own := engine.Period{Window: in.Spec.Window, Reading: in.Period, Remaining: in.Remaining, Exhaustion: in.Exhaustion, Adjusted: in.Adjusted}
	for i := range l.figures {
		f, p := &l.figures[i], &own
		if f.period > 0 {
			p = &in.Also[f.period-1]
		}
		v := f.value(in, p)
		if math.IsInf(v, 0) {
			v = math.NaN()
		}
		to = append(to, v)
	}
	return to
}

// bases are the labels that all figures of a window carry, by window.
func (l *layout) bases(in *engine.Instance) []labelPairs {
	list := []labelPairs{seriesLabels(in)}
	for _, p := range in.Also {
		list = append(list, periodLabels(in, p.Window))
	}
	return list
}
