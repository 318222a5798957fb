package scrape

import (
	"math"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// misfit says why labels cannot be taken; empty: they can. The library has
// sorted them, and checked their names.
func misfit(ls labels.Labels, limits ingest.Limits) (reason sli.Reason) {
	if ls.Len() > limits.MaxLabels {
		return sli.ReasonLabelLimit
	}
	ls.Range(func(l labels.Label) {
		switch {
		case len(l.Name) > limits.MaxLabelNameBytes, len(l.Value) > limits.MaxLabelValueBytes:
			reason = sli.ReasonLabelLimit
		case !utf8.ValidString(l.Value):
			reason = sli.ReasonBadLabels
		}
	})
	return reason
}

// target remembers one target: hardly any scrape shows two.
type target struct{ job, instance, name string }

// of is what a series' labels say is being watched. A target that is a gateway
// shows what others are.
func (t *target) of(ls labels.Labels) string {
	job, instance := ls.Get("job"), ls.Get("instance")
	if t.name == "" || job != t.job || instance != t.instance {
		*t = target{job, instance, job + "\xff" + instance}
	}
	return t.name
}

// nanoseconds makes a time of the library's milliseconds. Those beyond what
// nanoseconds can say must not wrap around into a time that looks like now.
func nanoseconds(ms int64) int64 {
	const most = math.MaxInt64 / int64(time.Millisecond)
	switch {
	case ms > most:
		return math.MaxInt64
	case ms < -most:
		return math.MinInt64
	}
	return ms * int64(time.Millisecond)
}
