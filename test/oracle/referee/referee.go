package referee

import (
	"time"

	"github.com/slo-engine/slo-engine/test/oracle"
)

// Rules choose what is judged by.
type Rules struct {
	// Plain are nothing but burn rates of clean windows: no evidence is asked
	// for, nothing is widened, and what was not observed does not matter.
	Plain bool
	// Exact windows begin where they begin. Without it the events of the grid
	// slot in which a window begins are taken to lie evenly.
	Exact bool
}

// Referee judges one SLO. It must be asked at each tick, in order.
type Referee struct {
	rules    Rules
	slo      SLO
	tape     *Tape
	interval time.Duration
	paced    int64 // since when the interval is known
	tiers    []Tier
	holds    map[string]bool
	burning  map[Severity]string // by which tier
}

// New returns a referee. interval is the time between samples, known from
// paced on.
func New(rules Rules, slo SLO, tape *Tape, interval time.Duration, paced int64) *Referee {
	return &Referee{
		rules: rules, slo: slo, tape: tape, interval: interval, paced: paced,
		tiers: Tiers(slo), holds: map[string]bool{}, burning: map[Severity]string{},
	}
}

// Verdict is what holds at a tick.
type Verdict struct {
	// Burning are the severities whose alert fires, and which tier holds it.
	Burning map[Severity]string
	// NoData: the samples stopped. Unknown: there was none yet.
	NoData, Unknown bool
	// At is the moment up to which was judged.
	At int64
}

// Look judges at a tick.
func (r *Referee) Look(now int64) Verdict {
	v := Verdict{At: now}
	last := r.tape.newest(now)
	if last == 0 {
		v.Unknown = true
		return v
	}
	usual := r.usual(now)
	if !r.rules.Plain {
		v.At = min(now, last+int64(usual)+int64(time.Second))
		if v.NoData = now-last > int64(max(10*time.Minute, 3*usual)); v.NoData {
			r.freeze(now-last, usual)
			v.Burning = r.burning
			return v
		}
	}
	r.judge(v.At, now, usual)
	v.Burning = r.burning
	return v
}

// usual is the interval as far as it is known.
func (r *Referee) usual(now int64) time.Duration {
	if now < r.paced {
		return 0
	}
	return r.interval
}

// freeze keeps what fires, but not for longer than the holder's long window.
func (r *Referee) freeze(silent int64, usual time.Duration) {
	for _, t := range r.tiers {
		if severity := t.Severity; r.burning[severity] == t.Name && silent > int64(t.seen(usual).Long) {
			delete(r.burning, severity)
			for _, other := range r.tiers {
				if other.Severity == severity {
					r.holds[other.Name] = false // new data, new proof
				}
			}
		}
	}
}

// judge decides which tiers hold, and which alerts they hold.
func (r *Referee) judge(at, now int64, usual time.Duration) {
	held := map[Severity]string{}
	for _, t := range r.tiers {
		if !r.rules.Plain {
			t = t.seen(usual)
		}
		r.holds[t.Name] = r.tier(t, at, now)
		if _, taken := held[t.Severity]; !taken && r.holds[t.Name] {
			held[t.Severity] = t.Name
		}
	}
	r.burning = held
}

// hair is how much a burn rate must exceed a factor: equal is not above, and
// products of decimals are equal only to so many digits.
const hair = 1 + 1e-9

func (r *Referee) tier(t Tier, at, now int64) bool {
	limit := t.Factor * r.slo.Budget
	long, short := r.read(at, now, t.Long), r.read(at, now, t.Short)
	if !(long.ratio()*long.coverage > limit*hair) || !(short.ratio()*short.coverage > limit*hair) {
		return false
	}
	return r.rules.Plain || r.holds[t.Name] ||
		long.bad >= leastBad && proven(long.bad, long.total, willing*limit/long.coverage)
}

// reading is one window.
type reading struct{ bad, total, coverage float64 }

func (w reading) ratio() float64 {
	if w.total <= 0 {
		return 0
	}
	return w.bad / w.total
}

func (r *Referee) read(at, now int64, w time.Duration) reading {
	start := at - int64(w)
	tail := r.tape.Until(floor(at, time.Second), now)
	head := r.tape.Until(start, now)
	out := reading{float64(tail.Bad - head.Bad), float64(tail.Total - head.Total), 1}
	if !r.rules.Exact {
		slot := oracle.Slot(w)
		from := floor(start, slot)
		head, next := r.tape.Until(from, now), r.tape.Until(from+int64(slot), now)
		inside := float64(start-from) / float64(slot)
		out.bad = float64(tail.Bad-head.Bad) - inside*float64(next.Bad-head.Bad)
		out.total = float64(tail.Total-head.Total) - inside*float64(next.Total-head.Total)
	}
	if !r.rules.Plain {
		out.coverage = r.tape.coverage(at, now, w)
	}
	return out
}

// Remaining is the share of the budget that is left at a tick; ok is false
// while it is not known.
func (r *Referee) Remaining(v Verdict, now int64) (left float64, ok bool) {
	_, _, c := r.tape.Window(v.At, now, r.slo.Window)
	coverage := r.tape.coverage(v.At, now, r.slo.Window)
	if c.Total == 0 || coverage == 0 {
		return 0, false
	}
	month := float64(c.Total) / coverage
	return 1 - float64(c.Bad)/(r.slo.Budget*month), true
}
