package api

import (
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// SLOView is the series of all SLO instances at one tick, for whoever keeps
// them: those of /metrics/slo, and of the instances that are too many for it
// the core, which is what was counted, what is left of the budget, and the burn
// rate of the last hour. It is immutable.
type SLOView struct {
	snapshot *engine.Snapshot
	tiers    func(*slo.Spec) []string
	max      int
}

// SLOViews returns a function that views the newest snapshot; nil before the
// first.
func SLOViews(o Options) func() *SLOView {
	o = o.withDefaults()
	return func() *SLOView {
		if s := o.Snapshot(); s != nil {
			return &SLOView{s, o.Tiers, o.MaxExportedInstances}
		}
		return nil
	}
}

// At is the time of the tick.
func (v *SLOView) At() time.Time { return v.snapshot.At }

// Len is the number of instances.
func (v *SLOView) Len() int { return len(v.snapshot.Instances) }

// Key is the ID of an instance.
func (v *SLOView) Key(i int) string { return v.snapshot.Instances[i].ID }

// faulty is the layout of instances that show nothing.
var faulty = &layout{}

// Read appends the values of an instance's series; NaN where it has none. The
// shape stands for the series: it is equal as long as they are the same. likely
// is one that may fit; nil if none is known.
func (v *SLOView) Read(i int, likely any, values []float64) (shape any, all []float64) {
	in, core := v.snapshot.Instances[i], i >= v.max
	if in.State == engine.StateError {
		return faulty, values
	}
	l, ok := likely.(*layout)
	if !ok || !l.fits(in, core) {
		l = newLayout(in, v.tiers(in.Spec), core)
	}
	return l, l.values(in, values)
}

// Series tells the metric and the labels (names and values in turns) of each
// series of a shape that Read returned, in the order of its values.
func (v *SLOView) Series(i int, shape any, tell func(metric string, labels []string)) {
	in, l := v.snapshot.Instances[i], shape.(*layout)
	bases := l.bases(in)
	var pairs []string
	for _, f := range l.figures {
		pairs = pairs[:0]
		for _, p := range bases[f.period] {
			pairs = append(pairs, p.GetName(), p.GetValue())
		}
		tell(sloMetrics[f.metric].name, append(pairs, f.extra...))
	}
}

// Metrics tells what the metrics are.
func (v *SLOView) Metrics(tell func(name, kind, help string)) {
	for _, m := range sloMetrics {
		tell(m.name, strings.ToLower(m.kind.String()), m.help)
	}
}
