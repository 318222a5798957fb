package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// How many dead letters are answered when nobody says, and at most.
const (
	usualDead = 100
	maxDead   = 1000
)

// listDead answers an engine without remediation, too: it tells nobody.
func (a *api) listDead(r *http.Request) (any, error) {
	limit, err := parseDeadQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	list := apitypes.DeadLetterList{Messages: []apitypes.DeadLetter{}}
	if a.Actions == nil {
		return list, nil
	}
	h, err := a.healing()
	if err != nil {
		return nil, err
	}
	dead, err := h.Dead(r.Context(), limit)
	for _, m := range dead {
		list.Messages = append(list.Messages, apitypes.DeadLetter{
			ID: m.ID, To: m.To, Key: m.Key, MadeAt: apitypes.Time{Time: m.Made}, Tries: m.Tries, Problem: m.Problem, Body: m.Body,
		})
	}
	return list, a.named(r, err)
}

// resend makes dead messages due once more. Who wants it is on record first.
func (h *healing) resend(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	var body apitypes.ResendRequest
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	if len(body.IDs) == 0 || len(body.IDs) > maxDead {
		return nil, fail(invalid, "ids names %d messages; name 1 to %d, as /api/v1/outbox/dead lists them", len(body.IDs), maxDead)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	entry := remediation.Entry{At: h.now(), Who: auth.From(r.Context()).Name, What: "resent", Data: data}
	if err := h.Append(r.Context(), entry); err != nil {
		return nil, err
	}
	n, err := h.Revive(r.Context(), h.now(), body.IDs...)
	return apitypes.Resent{Resent: n}, err
}

func parseDeadQuery(query string) (limit int, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, fail(invalid, "query string cannot be read: %v", err)
	}
	limit = usualDead
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := once(key, values[key]); err != nil {
			return 0, err
		}
		if key != "limit" {
			return 0, fail(invalid, "unknown parameter %s; known is limit", key)
		}
		if limit, err = limitOf(values.Get(key), maxDead); err != nil {
			return 0, err
		}
	}
	return limit, nil
}
