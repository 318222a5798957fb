package sli

import (
	"regexp"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/internal/promql"
)

// meaning is what an expression's value says of events.
type meaning struct {
	kind kind
	// sums says that its value over a longer range is the sum, or for a rate
	// the mean, of those over the parts of the range.
	sums bool
}

type kind uint8

const (
	plain   kind = iota // says nothing of events: a number, a gauge
	numbers             // of events in its range
	rates               // events a second
	unclear
)

// told reports whether it can be told what the value says.
func (m meaning) told() bool { return m.kind == numbers || m.kind == rates }

func (m meaning) nonlinear() meaning { return meaning{kind: m.kind} }

// kindOf says what functions make of the samples in a range.
var kindOf = map[string]kind{
	"rate": rates, "irate": rates, "deriv": rates,
	"increase": numbers, "delta": numbers, "idelta": numbers, "changes": numbers, "resets": numbers,
	"sum_over_time": numbers, "count_over_time": numbers,
	// LogQL's own:
	"rate_counter": rates, "bytes_rate": rates, "bytes_over_time": numbers,
}

// adds are the functions of which a longer range has the sum of its parts.
var adds = map[string]bool{
	"rate": true, "increase": true, "sum_over_time": true, "count_over_time": true, "bytes_rate": true, "bytes_over_time": true,
}

// shares are functions whose values are no events, whatever of.
var shares = map[string]bool{
	"histogram_fraction": true, "histogram_quantile": true, "histogram_avg": true, "histogram_stddev": true, "histogram_stdvar": true,
	"absent": true, "absent_over_time": true, "present_over_time": true, "scalar": true, "vector": true, "time": true, "timestamp": true,
}

func meaningOfPromQL(text string) meaning {
	expr, err := promql.Parse(text)
	if err != nil {
		return meaning{kind: unclear} // nobody asks it: the compiler refuses it
	}
	return meaningOf(expr)
}

// meaningOf is told by the outermost functions of ranges.
func meaningOf(expr parser.Expr) meaning {
	switch e := promql.Bare(expr).(type) {
	case *parser.VectorSelector:
		return meaning{kind: kindOfRecord(e.Name)}
	case *parser.AggregateExpr:
		switch e.Op {
		case parser.COUNT, parser.COUNT_VALUES, parser.GROUP, parser.STDDEV, parser.STDVAR:
			return meaning{}
		case parser.SUM:
			return meaningOf(e.Expr)
		}
		return meaningOf(e.Expr).nonlinear()
	case *parser.UnaryExpr:
		return meaningOf(e.Expr)
	case *parser.SubqueryExpr:
		return meaningOf(e.Expr).nonlinear()
	case *parser.BinaryExpr:
		return meaningOfBinary(e)
	case *parser.Call:
		return meaningOfCall(e)
	}
	return meaning{}
}

func meaningOfCall(e *parser.Call) meaning {
	name := e.Func.Name
	switch {
	case promql.IsVector(e, 0):
		return meaning{sums: true}
	case shares[name]:
		return meaning{}
	case name == "histogram_count":
		return meaningOf(e.Args[0])
	}
	if kind, known := kindOf[name]; known {
		m, whole := promql.Bare(e.Args[0]).(*parser.MatrixSelector)
		return meaning{kind, whole && m.Range == promql.Range && adds[name]}
	}
	var all meaning
	for _, arg := range e.Args {
		all = all.with(meaningOf(arg))
	}
	return all.nonlinear()
}

func meaningOfBinary(e *parser.BinaryExpr) meaning {
	left, right := meaningOf(e.LHS), meaningOf(e.RHS)
	_, leftFixed := promql.Constant(e.LHS)
	factor, rightFixed := promql.Constant(e.RHS)
	switch e.Op {
	case parser.ADD, parser.SUB, parser.LOR:
		return left.with(right)
	case parser.MUL, parser.DIV:
		switch {
		case rightFixed && factor == 1:
			return left
		case leftFixed || rightFixed: // which may turn one into the other
			return meaning{unclear, left.sums || right.sums}.unless(left.kind == plain && right.kind == plain)
		case right.kind == plain:
			return left.nonlinear()
		case left.kind == plain && e.Op == parser.MUL:
			return right.nonlinear()
		case e.Op == parser.DIV && left.kind == right.kind:
			return meaning{}
		}
		return meaning{kind: unclear}
	}
	return left.nonlinear() // a comparison or a set
}

// unless is nothing where a condition holds.
func (m meaning) unless(plain bool) meaning {
	if plain {
		return meaning{}
	}
	return m
}

// with is the meaning of a sum.
func (m meaning) with(other meaning) meaning {
	sums := m.sums && other.sums
	switch {
	case m.kind == other.kind, other.kind == plain:
		return meaning{m.kind, sums}
	case m.kind == plain:
		return meaning{other.kind, sums}
	}
	return meaning{kind: unclear}
}

// kindOfRecord is what the name of a recorded series says, where it is called
// level:metric:operations.
func kindOfRecord(name string) kind {
	last := name[strings.LastIndex(name, ":")+1:]
	switch {
	case last == name:
		return plain
	case strings.HasPrefix(last, "rate"), strings.HasPrefix(last, "irate"):
		return rates
	case strings.HasPrefix(last, "increase"):
		return numbers
	}
	return plain
}

// bareCounter is a counter whose value itself is used; empty if there is none.
func bareCounter(expr parser.Expr) (name string) {
	parser.Inspect(expr, func(node parser.Node, path []parser.Node) error {
		v, selects := node.(*parser.VectorSelector)
		if !selects || !counterName(v.Name) {
			return nil
		}
		for _, above := range path {
			switch above.(type) {
			case *parser.MatrixSelector, *parser.SubqueryExpr:
				return nil
			}
			if a, ok := above.(*parser.AggregateExpr); ok && (a.Op == parser.COUNT || a.Op == parser.GROUP) {
				return nil
			}
			if call, ok := above.(*parser.Call); ok && shares[call.Func.Name] {
				return nil
			}
		}
		name = v.Name
		return nil
	})
	return name
}

var (
	logQLName  = regexp.MustCompile(`\b([a-z_]+)\s*\(`)
	logQLRange = regexp.MustCompile(`\[([^\]]*)\]`)
	logQLBrace = regexp.MustCompile(`\{[^{}]*\}`)
)

// meaningOfLogQL reads the names of the functions only: there is no parser for
// LogQL here.
func meaningOfLogQL(text string) meaning {
	text = withoutStrings(text)
	all := meaning{sums: true}
	for _, r := range logQLRange.FindAllStringSubmatch(text, -1) {
		all.sums = all.sums && windowText.MatchString(r[1]) && windowText.ReplaceAllString(strings.TrimSpace(r[1]), "") == ""
	}
	text = windowText.ReplaceAllString(text, "")
	if strings.ContainsAny(logQLBrace.ReplaceAllString(text, ""), "<>*/%^") || strings.Contains(text, "unless") || strings.Contains(text, "and ") {
		all.sums = false
	}
	for _, found := range logQLName.FindAllStringSubmatch(text, -1) {
		name := found[1]
		if kind, known := kindOf[name]; known {
			all = meaning{meaning{kind: all.kind}.with(meaning{kind: kind}).kind, all.sums && adds[name]}
			continue
		}
		switch name {
		case "sum", "by", "without", "vector", "or":
		default:
			all.sums = false
		}
	}
	return all
}
