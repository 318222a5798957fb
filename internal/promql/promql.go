// Package promql reads and writes PromQL as SLOs have it: with {{.window}}
// where a range goes.
package promql

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Window is the variable that stands for the range, as Sloth writes it.
const Window = "{{.window}}"

// Range is what a parsed expression has where Window was written: a length
// that nobody writes by hand.
const Range = 4217*time.Hour + 13*time.Minute + 37*time.Second + 11*time.Millisecond

var (
	window    = regexp.MustCompile(`\{\{-?\s*\.window\s*-?\}\}`)
	rangeText = model.Duration(Range).String()
)

// HasWindow reports whether a text has the variable.
func HasWindow(text string) bool { return window.MatchString(text) }

// Parse reads an expression. An error says it with the variable, as the user
// has.
func Parse(text string) (parser.Expr, error) {
	expr, err := parser.ParseExpr(window.ReplaceAllString(text, rangeText))
	if err != nil {
		return nil, errors.New(restore(err.Error()))
	}
	return expr, nil
}

// String writes a parsed expression in one line, with the variable.
func String(node parser.Node) string { return restore(node.String()) }

func restore(text string) string { return strings.ReplaceAll(text, rangeText, Window) }
