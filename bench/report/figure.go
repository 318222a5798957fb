package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Figure holds the repetitions of one measurement. The least is the figure:
// whatever else ran on the machine can only add. The spread is shown with it.
type Figure struct{ values []float64 }

// Of is the figure of these repetitions.
func Of(values ...float64) Figure { return Figure{values} }

// Add adds a repetition.
func (f *Figure) Add(v float64) { f.values = append(f.values, v) }

// Known reports whether anything was measured.
func (f Figure) Known() bool { return len(f.values) > 0 }

// Least is the smallest repetition; NaN when there is none.
func (f Figure) Least() float64 {
	if !f.Known() {
		return math.NaN()
	}
	return slices.Min(f.values)
}

// Text writes the figure with its spread.
func (f Figure) Text(unit Unit) string {
	switch len(f.values) {
	case 0:
		return "not measured"
	case 1:
		return unit(f.values[0])
	}
	return unit(f.Least()) + " (to " + unit(slices.Max(f.values)) + ")"
}

// Unit writes a number.
type Unit func(float64) string

// Seconds writes a time, given in seconds.
func Seconds(v float64) string {
	for _, u := range []struct {
		least float64
		name  string
	}{{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}} {
		if v >= u.least {
			return digits(v/u.least) + " " + u.name
		}
	}
	return digits(v*1e9) + " ns"
}

// Bytes writes a size, in powers of 1,000.
func Bytes(v float64) string {
	for _, u := range []struct {
		least float64
		name  string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "KB"}} {
		if v >= u.least {
			return digits(v/u.least) + " " + u.name
		}
	}
	return digits(v) + " B"
}

// Percent writes a share.
func Percent(v float64) string { return digits(100*v) + " %" }

// Times writes a ratio.
func Times(v float64) string { return digits(v) + "x" }

// Number writes a number as it is; a whole one is a count.
func Number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return thousands(int64(v))
	}
	return digits(v)
}

// PerSecond writes a rate.
func PerSecond(v float64) string { return digits(v) + "/s" }

// digits rounds to three digits that mean something, and parts thousands.
func digits(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "—"
	case math.Abs(v) >= 1000:
		return thousands(int64(math.Round(v)))
	case v == 0:
		return "0"
	}
	decimals := 2 - int(math.Floor(math.Log10(math.Abs(v))))
	return strconv.FormatFloat(v, 'f', min(max(decimals, 0), 6), 64)
}

func thousands(n int64) string {
	if n < 1000 {
		return strconv.FormatInt(n, 10)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
