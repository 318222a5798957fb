package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// How many verdicts are answered when nobody says, and at most.
const (
	usualVerdicts = 100
	maxVerdicts   = 1000
)

// gateDecisions are all decisions, from the best to the gravest.
var gateDecisions = []slo.GateDecision{slo.GateAllow, slo.GateHold, slo.GateUnknown, slo.GateDeny}

func (a *api) listVerdicts(r *http.Request) (any, error) {
	q, err := parseVerdictQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	found, err := a.Gates.Verdicts(r.Context(), q)
	if err != nil {
		return nil, a.gateFailure(r, err, "such verdict")
	}
	list := apitypes.GateToldList{Verdicts: make([]apitypes.GateTold, 0, len(found))}
	for i := range found {
		list.Verdicts = append(list.Verdicts, a.toldOf(&found[i]))
	}
	return list, nil
}

func (a *api) toldOf(t *gates.Told) apitypes.GateTold {
	return apitypes.GateTold{
		GateVerdict: a.verdictOf(&t.Verdict),
		FirstToldAt: apitypes.Time{Time: t.First}, LastToldAt: apitypes.Time{Time: t.Last}, TimesTold: t.Count,
	}
}

func parseVerdictQuery(query string) (gates.VerdictQuery, error) {
	q := gates.VerdictQuery{Limit: usualVerdicts}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, fail(invalid, "query string cannot be read: %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := once(key, values[key]); err != nil {
			return q, err
		}
		if err := takeVerdictParameter(&q, key, values.Get(key)); err != nil {
			return q, err
		}
	}
	return q, nil
}

func takeVerdictParameter(q *gates.VerdictQuery, key, value string) (err error) {
	switch key {
	case "service":
		q.Service = value
		return word{key, value}.check()
	case "decision":
		if q.Decision = slo.GateDecision(value); !slices.Contains(gateDecisions, q.Decision) {
			return fail(invalid, "unknown decision %q; known are %s", value, join(gateDecisions))
		}
	case "since":
		if q.Since, err = time.Parse(time.RFC3339, value); err != nil {
			return fail(invalid, "since=%q is not a time; write since=2026-03-01T00:00:00Z", value)
		}
	case "limit":
		q.Limit, err = limitOf(value, maxVerdicts)
		return err
	default:
		return fail(invalid, "unknown parameter %q; %s", key, strictyaml.Suggest(key, []string{"service", "decision", "since", "limit"}))
	}
	return nil
}

func (a *api) explainVerdict(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	told, err := a.Gates.Explain(r.Context(), id)
	if err != nil {
		return nil, a.gateFailure(r, err, "verdict "+quoted(id)+"; /api/v1/gate/verdicts lists those there are")
	}
	return a.explanationOf(&told), nil
}
