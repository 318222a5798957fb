package scenario

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// want is a number that is wanted: equal to, above, below, or not known.
type want struct {
	relation string // "", ">", ">=", "<" or "<="
	value    float64
	margin   float64
	unknown  bool
}

// want takes "0.84", "0.84 ± 0.01", "> 14.4" or "unknown".
func (r *reader) want(what string) (w want) {
	if r.takes("unknown") {
		return want{unknown: true}
	}
	for _, relation := range []string{">", ">=", "<", "<="} {
		if r.takes(relation) {
			w.relation = relation
			w.value = r.number(what)
			return w
		}
	}
	w.value = r.number(what)
	if r.takes("±") || r.takes("+-") {
		w.margin = math.Abs(r.number("a margin"))
	}
	return w
}

// is compares; nil is not known. Equal means to nine digits, for a number is
// written in decimals and computed in binary.
func (w want) is(got *float64) bool {
	if got == nil || w.unknown {
		return got == nil && w.unknown
	}
	switch w.relation {
	case ">":
		return *got > w.value
	case ">=":
		return *got >= w.value
	case "<":
		return *got < w.value
	case "<=":
		return *got <= w.value
	}
	return math.Abs(*got-w.value) <= w.margin+1e-9*math.Max(1, math.Abs(w.value))
}

// figure wants a number that the SLO shows.
type figure struct {
	now
	want want
	name string
	of   func(in *engine.Instance) (*float64, bool) // false: no such window
}

func (e figure) holds(v view) (string, bool) {
	got, there := e.of(v.Instance)
	if !there {
		return "no such window; there are " + v.windows(), false
	}
	return e.name + " " + show(got), e.want.is(got)
}

// show writes a number as people read it, nil as unknown.
func show(f *float64) string {
	if f == nil {
		return "unknown"
	}
	return strconv.FormatFloat(*f, 'g', 6, 64)
}

// readBudget takes "budget remaining 0.84", or "budget without 0.2": what would
// be left without BudgetAdjustments.
func readBudget(r *reader) expectation {
	r.at++
	if r.one("remaining", "without") == "without" {
		r.takes("adjustments")
		return figure{want: r.want("a share of the budget"), name: "budget without adjustments",
			of: func(in *engine.Instance) (*float64, bool) { return without(in), true }}
	}
	return figure{want: r.want("a share of the budget"), name: "budget remaining",
		of: func(in *engine.Instance) (*float64, bool) { return in.Remaining, true }}
}

// without is what would be left of the budget without BudgetAdjustments.
func without(in *engine.Instance) *float64 {
	if in.Adjusted == nil {
		return in.Remaining
	}
	return in.Adjusted.Without.Remaining
}

func readBurn(r *reader) expectation {
	r.at++
	w := r.length("a window")
	return figure{want: r.want("a burn rate"), name: "burn " + when(w), of: func(in *engine.Instance) (*float64, bool) {
		reading, there := window(in, w)
		return reading.Burn, there
	}}
}

// readCoverage takes a coverage, of the SLO window or "in" another one.
func readCoverage(r *reader) expectation {
	r.at++
	e := figure{want: r.want("a share of the window")}
	w := r.in()
	e.name = "coverage" + inWindow(w)
	e.of = func(in *engine.Instance) (*float64, bool) {
		reading, there := window(in, w)
		return &reading.Coverage, there
	}
	return e
}

// in takes "in 1h", or nothing: the SLO window.
func (r *reader) in() time.Duration {
	if !r.takes("in") {
		return 0
	}
	return r.length("a window")
}

func inWindow(w time.Duration) string {
	if w == 0 {
		return ""
	}
	return " in " + when(w)
}

// window finds a reading; 0 is the SLO window.
func window(in *engine.Instance, w time.Duration) (engine.Reading, bool) {
	if w == 0 || w == in.Period.Window {
		return in.Period, true
	}
	for _, r := range in.Windows {
		if r.Window == w {
			return r, true
		}
	}
	return engine.Reading{}, false
}

func (v view) windows() string {
	var list []string
	for _, r := range v.Windows {
		list = append(list, slo.FormatDuration(r.Window))
	}
	return strings.Join(append(list, slo.FormatDuration(v.Period.Window)), ", ")
}

// exhaustion wants to know when the budget runs out.
type exhaustion struct {
	now
	never    bool
	relation string
	value    time.Duration
	margin   time.Duration
}

// readExhaustion takes "exhaustion 3h ± 10m", "exhaustion < 6h" or
// "exhaustion never".
func readExhaustion(r *reader) expectation {
	r.at++
	if r.takes("never") {
		return exhaustion{never: true}
	}
	e := exhaustion{}
	if r.takes("<") {
		e.relation = "<"
	} else if r.takes(">") {
		e.relation = ">"
	}
	e.value = r.duration("a time")
	if e.relation == "" && (r.takes("±") || r.takes("+-")) {
		e.margin = r.duration("a margin")
	}
	return e
}

func (e exhaustion) holds(v view) (string, bool) {
	if v.Exhaustion == nil {
		return "exhaustion never, or not known", e.never
	}
	got := *v.Exhaustion
	found := "exhaustion " + got.Round(time.Second).String()
	switch {
	case e.never:
		return found, false
	case e.relation == "<":
		return found, got < e.value
	case e.relation == ">":
		return found, got > e.value
	}
	return found, (got - e.value).Abs() <= e.margin
}
