package api

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// How many actions are answered when nobody says, and at most.
const (
	usualActions = 100
	maxActions   = 1000
)

// actionStates are all states of actions.
var actionStates = []remediation.State{
	remediation.Proposed, remediation.Awaiting, remediation.Applying, remediation.Verifying, remediation.Holding,
	remediation.Undoing, remediation.Undone, remediation.Contested, remediation.Failed, remediation.Rejected,
	remediation.Expired, remediation.Rehearsed,
}

func parseActionQuery(query string) (remediation.Query, error) {
	q := remediation.Query{Limit: usualActions}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, fail(invalid, "query string cannot be read: %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if key == "state" {
			err = takeStates(&q, values[key])
		} else if err = once(key, values[key]); err == nil {
			err = takeActionParameter(&q, key, values.Get(key))
		}
		if err != nil {
			return q, err
		}
	}
	return q, nil
}

// once refuses a parameter that is there several times and can be only one.
func once(key string, values []string) error {
	if len(values) > 1 {
		return fail(invalid, "parameter %s is there %d times; write it once", key, len(values))
	}
	return nil
}

func takeStates(q *remediation.Query, names []string) error {
	for _, name := range names {
		if !slices.Contains(actionStates, remediation.State(name)) {
			return fail(invalid, "unknown state %q; known are %s", name, join(actionStates))
		}
		q.States = append(q.States, remediation.State(name))
	}
	return nil
}

func takeActionParameter(q *remediation.Query, key, value string) (err error) {
	switch key {
	case "service":
		q.Service = value
	case "gateway":
		q.Gateway = value
	case "open":
		if q.Open, err = strconv.ParseBool(value); err != nil {
			return fail(invalid, "open=%q is neither true nor false", value)
		}
	case "since":
		if q.Since, err = time.Parse(time.RFC3339, value); err != nil {
			return fail(invalid, "since=%q is not a time; write since=2026-03-01T00:00:00Z", value)
		}
	case "limit":
		q.Limit, err = limitOf(value, maxActions)
		return err
	default:
		return fail(invalid, "unknown parameter %s; known are state, service, gateway, open, since and limit", key)
	}
	return nil
}

func limitOf(value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, fail(invalid, "limit=%q is not a number from 1 to %d", value, most)
	}
	return n, nil
}

// join lists words as people read them.
func join[T ~string](words []T) string {
	texts := make([]string, 0, len(words))
	for _, w := range words {
		texts = append(texts, string(w))
	}
	last := len(texts) - 1
	return strings.Join(texts[:last], ", ") + " and " + texts[last]
}
