package native

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// counts is an SLI as numbers of events over {{.window}}.
type counts struct{ bad, total string }

// split makes numbers of events of a template, taking a ratio apart.
func (w *writer) split(t rules.Template) bool {
	if t.ErrorRatio == "" {
		w.sli = counts{numbers(t.Bad), numbers(t.Total)}
		return true
	}
	expr, err := promql.Parse(t.ErrorRatio)
	if err == nil {
		if part, total, good, ok := apart(expr, false); ok {
			w.sli = counts{numbers(part), numbers(total)}
			if good {
				w.sli.bad = operand(w.sli.total) + " - (" + operand(w.sli.bad) + " or " + operand(w.sli.total) + " * 0)"
			}
			return true
		}
	}
	field := "spec.sli.ratio.errorRatio"
	if q := w.spec.SLI.Query; q != nil {
		field = "spec.sli." + q.Language + ".errorRatio"
	}
	w.problem(slo.Error, field, "it does not say of how many events it is the ratio, so long windows cannot be counted",
		"write total with bad or good, or use the Sloth dialect")
	return false
}

// apart finds the two numbers of which an expression is the ratio.
func apart(expr parser.Expr, good bool) (part, total string, isGood, ok bool) {
	switch e := promql.Bare(expr).(type) {
	case *parser.BinaryExpr:
		one, fixed := promql.Constant(e.LHS)
		switch {
		case e.Op == parser.SUB && fixed && one == 1:
			return apart(e.RHS, !good)
		case e.Op == parser.LOR && promql.CallOf(e.RHS, "vector") != nil: // without events there is nothing to say
			return apart(e.LHS, good)
		case e.Op == parser.DIV:
			return promql.String(e.LHS), promql.String(e.RHS), good, true
		}
	case *parser.Call:
		if e.Func.Name == "histogram_fraction" {
			total := "histogram_count(" + promql.String(e.Args[2]) + ")"
			return promql.String(e) + " * " + total, total, good, true
		}
		return mean("", e, good)
	case *parser.AggregateExpr:
		if e.Op == parser.AVG && !e.Without {
			return mean("sum"+by(e.Grouping), promql.CallOf(e.Expr, "avg_over_time"), good)
		}
	}
	return "", "", false, false
}

// mean of a gauge of 0 and 1: each sample is an event.
func mean(sum string, e *parser.Call, good bool) (part, total string, isGood, ok bool) {
	if e == nil || e.Func.Name != "avg_over_time" {
		return "", "", false, false
	}
	samples := promql.String(e.Args[0])
	return sum + "(sum_over_time(" + samples + "))", sum + "(count_over_time(" + samples + "))", good, true
}

func by(labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return " by (" + strings.Join(labels, ", ") + ") "
}

// numbers makes rates into numbers of events.
func numbers(text string) string {
	expr, err := promql.Parse(text)
	if err != nil {
		return text // it was parsed before
	}
	return promql.String(promql.Rewrite(expr, func(e parser.Expr) (parser.Expr, bool) {
		if rate := promql.CallOf(e, "rate"); rate != nil {
			return promql.Call("increase", rate.Args...), true
		}
		return e, false
	}))
}

// operand puts what has an operator in parentheses.
func operand(text string) string {
	expr, err := promql.Parse(text)
	if err != nil {
		return "(" + text + ")"
	}
	switch expr.(type) {
	case *parser.BinaryExpr, *parser.UnaryExpr:
		return "(" + text + ")"
	}
	return text
}

// over are the numbers of events in a window. No bad series are no bad events.
func (c counts) over(window time.Duration) (bad, total string) {
	in := func(s string) string { return strings.ReplaceAll(s, promql.Window, text(window)) }
	total = in(c.total)
	return operand(in(c.bad)) + " or " + operand(total) + " * 0", total
}

// minutely are the records that everything else is made of.
func (w *writer) minutely() []rules.Rule {
	lost, all := w.sli.over(base)
	promised := number(w.spec.Objective.Ratio())
	if len(w.spec.GroupBy) == 0 {
		promised = "vector(" + promised + ")"
	} else {
		promised = w.of(events) + " * 0 + " + promised
	}
	list := []rules.Rule{
		w.record(events, all),
		w.record(bad, lost),
		w.record(objective, promised),
	}
	if key := periodKey(w.spec.Window); key != "" {
		list = append(list, w.byPeriod(events, key), w.byPeriod(bad, key))
	}
	for _, window := range w.windows() {
		list = append(list, w.record(burn, w.burnOver(window), "window", slo.FormatDuration(window)))
	}
	for _, window := range w.longs() {
		list = append(list,
			w.record(covered, w.coverageOf(w.of(events), text(window), number(window.Seconds())), "window", slo.FormatDuration(window)),
			w.record(badSum, w.badOver(window), "window", slo.FormatDuration(window)))
	}
	return list
}

// windows are those of the tiers, each once.
func (w *writer) windows() (list []time.Duration) {
	for _, t := range w.tiers {
		list = append(list, t.Short, t.Long)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (w *writer) longs() (list []time.Duration) {
	for _, t := range w.tiers {
		list = append(list, t.Long)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// burnOver is the burn rate of a window; nothing without events.
func (w *writer) burnOver(window time.Duration) string {
	lost, all := w.sli.over(window)
	switch {
	case window == base:
		lost, all = w.of(bad), w.of(events)
	case window > direct:
		lost, all = w.sumOf(bad, window), w.sumOf(events, window)
	default:
		lost, all = "("+lost+")", operand(all)
	}
	return fmt.Sprintf("%s / (%s > 0) / %s", lost, all, number(w.spec.Objective.Budget()))
}

func (w *writer) sumOf(name string, window time.Duration) string {
	return "sum_over_time(" + w.of(name) + "[" + text(window) + "])"
}

// badOver is the number of bad events of a window.
func (w *writer) badOver(window time.Duration) string {
	if window <= direct {
		lost, _ := w.sli.over(window)
		return lost
	}
	return w.sumOf(bad, window) + " / " + number(float64(base)/float64(step))
}

// coverageOf is the share of a window, in seconds, that has records.
func (w *writer) coverageOf(series, window, seconds string) string {
	return fmt.Sprintf("clamp_max(count_over_time(%s[%s]) * %s / %s, 1)", series, window, number(step.Seconds()), seconds)
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
