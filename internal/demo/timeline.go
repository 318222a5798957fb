package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// timeline prints the story, one line for each row or mark.
type timeline struct {
	out   io.Writer
	color bool
	plan  plan
	meter meter
}

// short writes a window as the engine does: 2m, 10s.
func short(d time.Duration) string { return model.Duration(d).String() }

// head names the columns.
func (t *timeline) head() {
	t.line(plain, "%7s  %-10s  %8s  %7s  %6s  %9s  %9s  %7s  %s", "time", "phase", "traffic", "errors",
		"to v2", "burn "+short(t.plan.heal.long), "burn "+short(t.plan.page.long), "budget", "alerts")
}

// row prints what a view shows. Traffic and errors are what the engine counted,
// v2's share is what the gateway says; burn and budget are those of the worst
// instance.
func (t *timeline) row(elapsed time.Duration, p phase, v view) {
	rate, errors := t.meter.read(v)
	t.line(plain, "%7s  %-10s  %8s  %7s  %6s  %9s  %9s  %7s  %s", clock(elapsed), p,
		number(rate, "%.0f/s", 1), number(errors, "%.1f%%", 100), number(&v.share, "%.0f%%", 100),
		number(worst(v, burn(t.plan.heal.long), slices.Max), "%.2f", 1),
		number(worst(v, burn(t.plan.page.long), slices.Max), "%.2f", 1),
		number(worst(v, func(s status) *float64 { return s.Remaining }, slices.Min), "%.1f%%", 100),
		firing(v))
}

// mark prints an event.
func (t *timeline) mark(elapsed time.Duration, m mark) {
	t.line(m.tone, "%7s  > %s", clock(elapsed), m.text)
}

// line prints one line in its tone.
func (t *timeline) line(tone tone, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if code := map[bool]string{true: ansi[tone]}[t.color]; code != "" {
		text = code + text + "\x1b[0m"
	}
	fmt.Fprintln(t.out, strings.TrimRight(text, " "))
}

// ansi are the terminal colours of the tones; plain has none.
var ansi = [...]string{plain: "", good: "\x1b[32m", bad: "\x1b[1;31m"}

// clock writes minutes and seconds.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// number formats scale·n; what is not known is a dash, never 0.
func number(n *float64, format string, scale float64) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprintf(format, scale**n)
}

// burn reads a window's burn rate.
func burn(window time.Duration) func(status) *float64 {
	return func(s status) *float64 { return s.Burn[short(window)] }
}

// worst picks one of the known values of all instances; nil if none is known.
func worst(v view, read func(status) *float64, pick func([]float64) float64) *float64 {
	var known []float64
	for _, s := range v.slos {
		if n := read(s); n != nil {
			known = append(known, *n)
		}
	}
	if len(known) == 0 {
		return nil
	}
	n := pick(known)
	return &n
}

// firing lists the tiers that fire and on how many instances.
func firing(v view) string {
	tiers := make(map[string]int)
	for _, s := range v.slos {
		for _, a := range s.Alerts {
			tiers[a.Tier]++
		}
	}
	var words []string
	for _, tier := range slices.Sorted(maps.Keys(tiers)) {
		words = append(words, fmt.Sprintf("%s×%d", tier, tiers[tier]))
	}
	return strings.Join(words, " ")
}
