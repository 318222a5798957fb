package slogenerator

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// placeholder is what stands for the range in an slo.Ratio.
const placeholder = "{{.window}}"

const (
	quoted  = "\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|`[^`]*`"
	braces  = `\{(?:[^"'` + "`" + `{}]|` + quoted + `)*\}`
	metric  = `[A-Za-z_:][A-Za-z0-9_:]*`
	bare    = `(?:` + metric + `)?\s*(?:` + braces + `)?`
	counted = `(increase|rate)\s*\(\s*(` + bare + `)\s*\[window\]\s*\)`
)

var (
	selectorShape = regexp.MustCompile(`^(` + metric + `)\s*(` + braces + `)?$`)
	bareShape     = regexp.MustCompile(`^(` + bare + `)(?:\s*\[window\])?$`)
	countedShape  = regexp.MustCompile(`^` + counted + `$`)
	summedShape   = regexp.MustCompile(`^sum\s*\(\s*` + counted + `\s*\)$`)
	// PromQL has to be told that the bucket has a label more than the count.
	ignoringBound = regexp.MustCompile(`^ignoring\s*\(\s*le\s*\)`)
	boundMatcher  = regexp.MustCompile(`[{,]\s*le\s*(?:=~|!~|!=|=)`)
)

// ranged puts the range where slo-generator would: in place of [window, or at
// the end.
func ranged(text string) string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "[window") {
		return strings.ReplaceAll(text, "[window", "["+placeholder)
	}
	return text
}

// filter is a part of good_bad_ratio.
type filter struct {
	selector string // a bare one, to be summed over the range; may be empty
	query    string // the same as a query
}

func newFilter(text string, operators []string) filter {
	f := filter{query: ranged(text)}
	if !strings.Contains(f.query, placeholder) {
		f.query += "[" + placeholder + "]"
	}
	for _, operator := range operators {
		f.query = operator + "(" + f.query + ")"
	}
	if found := bareShape.FindStringSubmatch(strings.TrimSpace(text)); found != nil {
		f.selector = strings.TrimSpace(found[1])
	}
	return f
}

// text is the simplest that says it.
func (f filter) text() string {
	if f.selector != "" {
		return f.selector
	}
	return f.query
}

// plainOperators reports whether operators do no more than to sum a counter: of
// rates and of increases the share is the same.
func plainOperators(operators []string) bool {
	return slices.Equal(operators, []string{"increase", "sum"}) || slices.Equal(operators, []string{"rate", "sum"})
}

// divided takes a share apart that is one counter divided by another. It is
// summed if it says so on both sides.
func divided(text string) (good, total string, summed, ok bool) {
	left, right, ok := quotient(text)
	if !ok {
		return "", "", false, false
	}
	above, below := summedShape.FindStringSubmatch(left), summedShape.FindStringSubmatch(right)
	if summed = above != nil; !summed {
		above = countedShape.FindStringSubmatch(left)
		below = countedShape.FindStringSubmatch(strings.TrimSpace(ignoringBound.ReplaceAllString(right, "")))
	}
	if above == nil || below == nil || above[1] != below[1] || above[2] == "" || below[2] == "" {
		return "", "", false, false
	}
	return strings.TrimSpace(above[2]), strings.TrimSpace(below[2]), summed, true
}

var stringLiteral = regexp.MustCompile(quoted)

// quotient cuts an expression at its only division outside of parentheses.
func quotient(text string) (left, right string, ok bool) {
	// Strings may hold anything: only where they are matters.
	blank := stringLiteral.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat("_", len(s)) })
	depth, cut := 0, -1
	for i, c := range blank {
		switch c {
		case '(', '{', '[':
			depth++
		case ')', '}', ']':
			depth--
		case '/':
			if depth == 0 && cut >= 0 {
				return "", "", false
			} else if depth == 0 {
				cut = i
			}
		}
	}
	if cut < 0 {
		return "", "", false
	}
	return strings.TrimSpace(text[:cut]), strings.TrimSpace(text[cut+1:]), true
}

// buckets are the selectors of distribution_cut: the bucket of the threshold and
// the count.
func buckets(expression, threshold string) (good, total, problem string) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(expression), "[window]"))
	found := selectorShape.FindStringSubmatch(text)
	if found == nil {
		return "", "", "is not a bare selector, which is all that distribution_cut takes"
	}
	base, ok := strings.CutSuffix(found[1], "_bucket")
	if !ok {
		return "", "", "does not select the buckets of a histogram"
	}
	blank := stringLiteral.ReplaceAllString(found[2], "_")
	if boundMatcher.MatchString(blank) {
		return "", "", "has a matcher for le, which threshold_bucket adds"
	}
	inside := strings.TrimSuffix(strings.TrimSpace(strings.Trim(found[2], "{}")), ",")
	bound := "le=" + strconv.Quote(threshold)
	if inside == "" {
		return found[1] + "{" + bound + "}", base + "_count", ""
	}
	return found[1] + "{" + inside + ", " + bound + "}", base + "_count{" + inside + "}", ""
}
