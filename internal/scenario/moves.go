package scenario

import (
	"fmt"
	"strconv"
	"time"
)

// moved wants an alert to have fired or resolved, within a time or so often.
type moved struct {
	what     string // tier or severity
	resolved bool
	from, to time.Duration
	times    int // -1: at least once, between from and to
}

// readMoved takes "fired page_fast between 2m and 2m1s", "… at 2m", "… once",
// "… 2 times".
func readMoved(r *reader) expectation {
	e := moved{resolved: r.one("fired", "resolved") == "resolved", what: r.alert(false), times: -1}
	switch w := r.next("when or how often", "between 2m and 3m, at 2m, once or 2 times"); w.text {
	case "between":
		e.from = r.duration("a time")
		r.one("and")
		if e.to = r.duration("a time"); r.fault == nil && e.to < e.from {
			r.fail(w.column, "write the earlier time first", "%s is before %s", when(e.to), when(e.from))
		}
	case "at":
		e.from = r.duration("a time")
		e.to = e.from
	case "once":
		e.times = 1
	default:
		n, err := strconv.Atoi(w.text)
		if r.fault == nil && (err != nil || n < 0) {
			r.fail(w.column, "write between 2m and 3m, at 2m, once or 2 times", "%q is not understood here", w.text)
			return e
		}
		e.times = n
		r.one("times")
	}
	return e
}

// readNever takes "never fired critical".
func readNever(r *reader) expectation {
	r.at++
	r.one("fired")
	return moved{what: r.alert(false)}
}

func (e moved) until() time.Duration { return e.to }

func (e moved) holds(v view) (string, bool) {
	n, inside := 0, false
	for _, m := range v.history {
		if m.resolved == e.resolved && (m.tier == e.what || m.severity == e.what) {
			n++
			inside = inside || m.at >= e.from && m.at <= e.to
		}
	}
	found := v.history.of(e.what)
	if e.times >= 0 {
		return found, n == e.times
	}
	return found, inside
}

// move is an alert that began or ended. Each is there twice: once by its tier,
// once by its severity, which another tier may hold meanwhile.
type move struct {
	at             time.Duration
	tier, severity string // one of the two
	resolved       bool
}

func (m move) String() string {
	verb := "fired"
	if m.resolved {
		verb = "resolved"
	}
	return fmt.Sprintf("%s %s at %s", m.tier+m.severity, verb, when(m.at))
}

// moves are all of one instance, in order.
type moves []move

// of says what a tier or severity did.
func (list moves) of(what string) string {
	text := ""
	for _, m := range list {
		if m.tier == what || m.severity == what {
			text += "; " + m.String()
		}
	}
	if text == "" {
		return what + " never fired"
	}
	return text[2:]
}
