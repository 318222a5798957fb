package promql

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// Bare takes an expression out of its parentheses.
func Bare(expr parser.Expr) parser.Expr {
	switch e := expr.(type) {
	case *parser.ParenExpr:
		return Bare(e.Expr)
	case *parser.StepInvariantExpr:
		return Bare(e.Expr)
	}
	return expr
}

// CallOf is an expression that calls a function, or nil.
func CallOf(expr parser.Expr, name string) *parser.Call {
	if call, ok := Bare(expr).(*parser.Call); ok && call.Func.Name == name {
		return call
	}
	return nil
}

// IsVector recognises vector(value).
func IsVector(expr parser.Expr, value float64) bool {
	call := CallOf(expr, "vector")
	if call == nil {
		return false
	}
	number, ok := Constant(call.Args[0])
	return ok && number == value
}

// Constant is the value of arithmetic with numbers alone.
func Constant(expr parser.Expr) (value float64, ok bool) {
	switch e := Bare(expr).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.UnaryExpr:
		value, ok = Constant(e.Expr)
		if e.Op == parser.SUB {
			value = -value
		}
		return value, ok
	case *parser.BinaryExpr:
		left, isLeft := Constant(e.LHS)
		right, isRight := Constant(e.RHS)
		return arithmetic(e.Op, left, right), isLeft && isRight
	}
	return 0, false
}

// arithmetic is not a number for what nobody needs.
func arithmetic(op parser.ItemType, a, b float64) float64 {
	switch op {
	case parser.ADD:
		return a + b
	case parser.SUB:
		return a - b
	case parser.MUL:
		return a * b
	case parser.DIV:
		return a / b
	}
	return math.NaN()
}

// Rewrite replaces parts of an expression, from the outside in: where f says
// done, its answer stands as it is; else the parts of the answer are rewritten.
// The expression given is used up.
func Rewrite(expr parser.Expr, f func(parser.Expr) (replaced parser.Expr, done bool)) parser.Expr {
	expr, done := f(expr)
	if done {
		return expr
	}
	switch e := expr.(type) {
	case *parser.ParenExpr:
		e.Expr = Rewrite(e.Expr, f)
	case *parser.StepInvariantExpr:
		e.Expr = Rewrite(e.Expr, f)
	case *parser.UnaryExpr:
		e.Expr = Rewrite(e.Expr, f)
	case *parser.SubqueryExpr:
		e.Expr = Rewrite(e.Expr, f)
	case *parser.AggregateExpr:
		e.Expr = Rewrite(e.Expr, f)
	case *parser.Call:
		for i := range e.Args {
			e.Args[i] = Rewrite(e.Args[i], f)
		}
	case *parser.BinaryExpr:
		e.LHS, e.RHS = Rewrite(e.LHS, f), Rewrite(e.RHS, f)
	}
	return expr
}

// Call calls one of PromQL's functions.
func Call(name string, args ...parser.Expr) *parser.Call {
	return &parser.Call{Func: parser.Functions[name], Args: args}
}

// Over is a selector over the variable's range.
func Over(v *parser.VectorSelector) *parser.MatrixSelector {
	return &parser.MatrixSelector{VectorSelector: v, Range: Range}
}
