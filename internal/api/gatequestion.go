package api

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// changeKinds are all kinds of change.
var changeKinds = []string{string(slo.ChangeDeploy), string(slo.ChangeRollback), string(slo.ChangeScaleUp), string(slo.ChangeFixForward)}

// questionWords are what a question consists of, under every consumer's contract.
var questionWords = []string{"service", "slo", "kind", "version", "baseline", "environment"}

// maxWord bounds each of them, in bytes: they are kept with the verdict.
const maxWord = 256

// gateQuestion reads a question from a query string. Its error is a *failure.
func gateQuestion(query string) (gate.Request, error) {
	q, rest, err := partOfQuestion(query)
	if err == nil {
		err = noMore(rest)
	}
	if err != nil {
		return q, err
	}
	return q, checkQuestion(&q)
}

// partOfQuestion reads what a query string says of a question, and returns what
// else it says. The question is not checked: there may be more to it.
func partOfQuestion(query string) (q gate.Request, rest map[string]string, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, nil, fail(invalid, "query string cannot be read: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := once(name, values[name]); err != nil {
			return q, nil, err
		}
		if take(&q, name, values.Get(name)) {
			continue
		}
		if rest == nil {
			rest = map[string]string{}
		}
		rest[name] = values.Get(name)
	}
	return q, rest, nil
}

// take sets one word of a question, and reports whether it is one. What is empty
// says nothing.
func take(q *gate.Request, name, value string) bool {
	set := func(to *string) {
		if value != "" {
			*to = value
		}
	}
	switch name {
	case "service":
		set(&q.Service)
	case "slo":
		set(&q.SLO)
	case "kind":
		set((*string)(&q.Kind))
	case "version":
		set(&q.Version)
	case "baseline":
		set(&q.Baseline)
	case "environment":
		set(&q.Environment)
	default:
		return false
	}
	return true
}

// noMore refuses what is said besides a question, apart from a few words.
func noMore(rest map[string]string, besides ...string) error {
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		if !slices.Contains(besides, name) {
			return unknownWord(name, besides...)
		}
	}
	return nil
}

func unknownWord(name string, besides ...string) error {
	return fail(invalid, "unknown parameter %q; %s", name, strictyaml.Suggest(name, slices.Concat(besides, questionWords)))
}

// checkQuestion says what is wrong with a question. Its time is left to Gates.
func checkQuestion(q *gate.Request) error {
	if q.Service == "" {
		return fail(invalid, "service is missing: say whose change it is, as service=checkout")
	}
	if q.Kind != "" && !slices.Contains(changeKinds, string(q.Kind)) {
		return fail(invalid, "kind %q is no kind of change; %s", q.Kind, strictyaml.Suggest(string(q.Kind), changeKinds))
	}
	return checkWords([]word{
		{"service", q.Service}, {"slo", q.SLO}, {"version", q.Version}, {"baseline", q.Baseline}, {"environment", q.Environment},
	})
}

// word is one of those that are kept as they were sent.
type word struct{ name, text string }

func checkWords(words []word) error {
	for _, w := range words {
		if err := w.check(); err != nil {
			return err
		}
	}
	return nil
}

// check refuses what no name is, before it is kept.
func (w word) check() error {
	switch {
	case len(w.text) > maxWord:
		return fail(invalid, "%s has %d bytes; write at most %d", w.name, len(w.text), maxWord)
	case !utf8.ValidString(w.text):
		return fail(invalid, "%s is not UTF-8", w.name)
	case strings.ContainsFunc(w.text, unicode.IsControl):
		return fail(invalid, "%s has a control character in it", w.name)
	}
	return nil
}
