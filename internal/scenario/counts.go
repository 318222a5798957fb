package scenario

import (
	"math/big"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
)

// counted wants exact numbers of events.
type counted struct {
	now
	wants  []amount
	window time.Duration
	// excluded: of those that BudgetAdjustments took out of the SLO window.
	excluded bool
}

// amount is a number of one kind of events.
type amount struct {
	kind string // good, bad or total
	n    *big.Int
}

// readCounts takes "good 12345 total 12400", in any order, and "in 1h".
func readCounts(r *reader) expectation {
	var e counted
	for r.more() && r.peek().text != "in" {
		a := amount{kind: r.one("good", "bad", "total", "in")}
		w := r.next("a number of events", "a whole number")
		n, ok := new(big.Int).SetString(w.text, 10)
		if r.fault == nil && !ok {
			r.fail(w.column, "write a whole number", "%q is not a number of events", w.text)
		}
		a.n = n
		e.wants = append(e.wants, a)
	}
	e.window = r.in()
	return e
}

// readExcluded takes "excluded bad 30 total 1000".
func readExcluded(r *reader) expectation {
	r.at++
	if !r.more() {
		r.fail(r.end, "write excluded bad 30 total 1000", "here numbers of events are missing")
	}
	e, _ := readCounts(r).(counted)
	if e.excluded = true; e.window != 0 {
		r.fail(1, "leave the window out", "what is excluded is known of the SLO window only")
	}
	return e
}

func (e counted) holds(v view) (string, bool) {
	reading, there := window(v.Instance, e.window)
	if !there {
		return "no such window; there are " + v.windows(), false
	}
	if e.excluded {
		reading.Counts = excluded(v.Instance)
	}
	ok, found := true, []string(nil)
	for _, a := range e.wants {
		got := events(reading, a.kind)
		found = append(found, a.kind+" "+number(got))
		ok = ok && new(big.Float).SetInt(a.n).Cmp(big.NewFloat(got)) == 0
	}
	return strings.Join(found, " ") + inWindow(e.window), ok
}

// excluded are the events that BudgetAdjustments took out of the SLO window.
func excluded(in *engine.Instance) budget.Counts {
	if in.Adjusted == nil {
		return budget.Counts{}
	}
	return in.Adjusted.Excluded
}

func events(r engine.Reading, kind string) float64 {
	switch kind {
	case "good":
		return r.Counts.Good()
	case "bad":
		return r.Counts.Bad
	}
	return r.Counts.Total
}

// number writes a count with all its digits.
func number(f float64) string { return new(big.Float).SetFloat64(f).Text('f', -1) }
