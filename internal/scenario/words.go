package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// line is one line of a file, without its comment.
type line struct {
	number   int
	text     string
	indented bool
}

// word is what stands between two spaces, or in quotes or braces.
type word struct {
	text   string
	column int // of its first character, from 1
}

// split cuts a text into words at spaces that are not in quotes or braces, up
// to a comment.
func split(text string) (words []word, comment int) {
	depth, quote, escaped, start, column := 0, rune(0), false, -1, 0
	begun := 0
	for i, r := range text {
		column++
		inside := depth > 0 || quote != 0
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\' && quote != '`':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
		case r == '{':
			depth++
		case r == '}':
			depth = max(depth-1, 0)
		}
		if !inside && r == '#' {
			text = text[:i]
			break
		}
		space := !inside && (r == ' ' || r == '\t')
		if space && start >= 0 {
			words = append(words, word{text[start:i], begun})
			start = -1
		} else if !space && start < 0 {
			start, begun = i, column
		}
	}
	if start >= 0 && start < len(text) {
		words = append(words, word{text[start:], begun})
	}
	return words, len(text)
}

// reader takes the words of one statement, in order. After the first fault it
// gives nothing more, so that a statement asks for all it needs and looks at
// the fault once.
type reader struct {
	words []word
	at    int
	end   int // the column after the last word
	fault *Problem
	// alerts are words that name tiers or severities.
	alerts []alertWord
}

func newReader(l line) *reader {
	words, length := split(l.text)
	return &reader{words: words, end: len([]rune(l.text[:length])) + 1}
}

// fail keeps the first fault.
func (r *reader) fail(column int, fix, format string, args ...any) {
	if r.fault == nil {
		r.fault = &Problem{Column: column, Message: fmt.Sprintf(format, args...), Fix: fix}
	}
	r.at = len(r.words)
}

func (r *reader) more() bool { return r.at < len(r.words) }

// peek is the next word, empty at the end.
func (r *reader) peek() word {
	if !r.more() {
		return word{column: r.end}
	}
	return r.words[r.at]
}

// next takes a word; example shows what may stand there.
func (r *reader) next(what, example string) word {
	w := r.peek()
	if !r.more() {
		r.fail(r.end, "write "+example, "here %s is missing", what)
		return w
	}
	r.at++
	return w
}

// takes takes the next word if it is this one.
func (r *reader) takes(text string) bool {
	if !r.more() || r.words[r.at].text != text {
		return false
	}
	r.at++
	return true
}

// one takes one of several words.
func (r *reader) one(options ...string) string {
	list := strings.Join(options, ", ")
	w := r.next("a word", "one of: "+list)
	if r.fault == nil && !slices.Contains(options, w.text) {
		r.fail(w.column, "write one of: "+list, "%q is not understood here", w.text)
	}
	return w.text
}

// done complains of words that are left.
func (r *reader) done() {
	if w := r.peek(); r.more() {
		r.fail(w.column, "remove it, or begin a new line", "%q is not understood here", w.text)
	}
}

// longest is as far as virtual time goes.
const longest = 10 * 365 * 24 * time.Hour

// duration takes a length of time such as 1h30m; 0 is written 0 or 0s.
func (r *reader) duration(what string) time.Duration {
	w := r.next(what, "a duration such as 30s, 5m or 1h30m")
	if r.fault != nil {
		return 0
	}
	d, err := slo.ParseDuration(w.text)
	if err != nil {
		r.fail(w.column, "write a duration such as 30s, 5m or 1h30m", "%q is not a duration", w.text)
	} else if d > longest {
		r.fail(w.column, "write a shorter one", "a scenario lasts for ten years at most")
	}
	return d
}

// length is a duration above 0.
func (r *reader) length(what string) time.Duration {
	column := r.peek().column
	d := r.duration(what)
	if r.fault == nil && d <= 0 {
		r.fail(column, "write a duration such as 30s", "%s must be more than 0", what)
	}
	return d
}

// number takes a number or a percentage: 1% is 0.01.
func (r *reader) number(what string) float64 {
	w := r.next(what, "a number such as 0.5 or 50%")
	if r.fault != nil {
		return 0
	}
	f, ok := parseNumber(w.text)
	if !ok {
		r.fail(w.column, "write a number such as 0.5 or 50%", "%q is not a number", w.text)
	}
	return f
}

func parseNumber(text string) (float64, bool) {
	digits, percent := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(digits, 64)
	if percent {
		f /= 100
	}
	return f, err == nil && f-f == 0
}

// share is a number from 0 to 1.
func (r *reader) share(what string) float64 {
	column := r.peek().column
	f := r.number(what)
	if r.fault == nil && (f < 0 || f > 1) {
		r.fail(column, "write a share from 0% to 100%", "%s is not a share", what)
	}
	return f
}

// metric takes a series: a name, with labels in braces.
func (r *reader) metric() labels.Labels {
	const example = `http_requests_total{job="checkout"}`
	w := r.next("a series", example)
	if r.fault != nil {
		return nil
	}
	l, err := parser.ParseMetric(w.text)
	if err != nil || l.Get(labels.MetricName) == "" {
		r.fail(w.column, "write "+example, "%q is not a series", w.text)
	}
	return l
}
