package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// levels of autonomy, from much to little.
var levels = []remediation.Level{remediation.Auto, remediation.Ask, remediation.Advise}

// autonomySetting is the name under which a service's level is kept, before the
// service; a test holds it against the Runner's.
const autonomySetting = "autonomy/"

// autonomyDays is how far back actions count for a service's level, as for the
// Runner's decisions.
const autonomyDays = 7 * 24 * time.Hour

func (a *api) showAutonomy(h *healing, r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	return a.autonomyOf(r.Context(), h, r.PathValue("service"))
}

func (a *api) setAutonomy(h *healing, r *http.Request) (any, error) {
	var body apitypes.AutonomyChange
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	if err := readJSON(r, &body); err != nil {
		return nil, err
	}
	level := remediation.Level(body.Level)
	if !slices.Contains(levels, level) {
		return nil, fail(invalid, "level %q is not known; known are %s", body.Level, join(levels))
	}
	if err := checkNote(body.Note); err != nil {
		return nil, err
	}
	service := r.PathValue("service")
	if err := h.SetAutonomy(r.Context(), service, level, auth.From(r.Context()).Name, body.Note); err != nil {
		return nil, err
	}
	return a.autonomyOf(r.Context(), h, service)
}

// autonomyOf is what was set for a service, and what its actions left of it.
func (a *api) autonomyOf(ctx context.Context, h *healing, service string) (any, error) {
	var set remediation.Autonomy
	text, err := h.Setting(ctx, autonomySetting+service)
	if err != nil {
		return nil, err
	}
	if text != nil {
		if err := json.Unmarshal(text, &set); err != nil {
			return nil, fmt.Errorf("read the autonomy of %s: %w", service, err)
		}
	}
	records, err := h.Find(ctx, remediation.Query{Service: service, Since: h.now().Add(-autonomyDays)})
	if err != nil {
		return nil, err
	}
	if set.Level == "" {
		set.Level = remediation.Auto
	}
	return apitypes.Autonomy{
		Service: service, Level: string(set.After(records)), SetLevel: string(set.Level), SetBy: set.By,
		SetAt: apitypes.Time{Time: set.At}, Known: len(records) > 0 || a.hasService(service),
	}, nil
}

func (a *api) hasService(name string) bool {
	s := a.Snapshot()
	return s != nil && slices.ContainsFunc(s.Instances, func(in *engine.Instance) bool { return in.Spec.Service == name })
}
