package oracle

import (
	"math/big"
	"time"
)

// Weight is what one event of a process adds to an SLO.
type Weight struct{ Bad, Total int64 }

// Counts are events of an SLO.
type Counts struct{ Bad, Total *big.Int }

func none() Counts { return Counts{new(big.Int), new(big.Int)} }

// Part is one process's increments, as an SLO weighs them.
type Part struct {
	Weight     Weight
	Increments []Increment
}

// Since is everything that was counted.
func Since(parts []Part) Counts {
	c := none()
	for _, p := range parts {
		for _, i := range p.Increments {
			c.Bad.Add(c.Bad, big.NewInt(p.Weight.Bad*i.N))
			c.Total.Add(c.Total, big.NewInt(p.Weight.Total*i.N))
		}
	}
	return c
}

// Until is what had happened at t.
func Until(parts []Part, t int64) Counts {
	c := none()
	for _, p := range parts {
		for _, i := range p.Increments {
			c.Bad.Add(c.Bad, i.until(t, p.Weight.Bad))
			c.Total.Add(c.Total, i.until(t, p.Weight.Total))
		}
	}
	return c
}

// until is how much of a weighted increment had happened at t: a share of a
// gap is rounded towards zero.
func (i Increment) until(t, weight int64) *big.Int {
	n := big.NewInt(weight * i.N)
	switch {
	case t >= i.To:
		return n
	case i.Whole || t <= i.From:
		return new(big.Int)
	}
	n.Mul(n, big.NewInt(t-i.From))
	return n.Quo(n, big.NewInt(i.To-i.From))
}

// Window is what happened in the last w before t. Its start is rounded down
// to a slot, its end to a second.
func Window(parts []Part, t time.Time, w time.Duration) (start, end time.Time, c Counts) {
	start, end = down(t.Add(-w), Slot(w)), down(t, time.Second)
	c = Until(parts, end.UnixNano())
	before := Until(parts, start.UnixNano())
	c.Bad.Sub(c.Bad, before.Bad)
	c.Total.Sub(c.Total, before.Total)
	return start, end, c
}

// Slot is the grid on which a window of length w starts.
func Slot(w time.Duration) time.Duration {
	switch {
	case w <= 10*time.Minute:
		return time.Second
	case w <= 2*time.Hour:
		return 10 * time.Second
	case w <= 24*time.Hour:
		return time.Minute
	case w <= 72*time.Hour:
		return 5 * time.Minute
	}
	return time.Hour
}

// down rounds down in time since the epoch.
func down(t time.Time, slot time.Duration) time.Time {
	past := new(big.Int).Mod(big.NewInt(t.UnixNano()), big.NewInt(int64(slot)))
	return t.Add(-time.Duration(past.Int64()))
}
