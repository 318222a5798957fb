package api

import (
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func (a *api) listGlasses(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	glasses, err := a.Gates.Glasses(r.Context())
	if err != nil {
		return nil, a.gateFailure(r, err, "break-glass")
	}
	list := apitypes.GlassList{Glasses: make([]apitypes.Glass, 0, len(glasses))}
	for i := range glasses {
		list.Glasses = append(list.Glasses, glassOf(&glasses[i]))
	}
	return list, nil
}

// breakGlass takes whoever is logged in for the one who breaks it: that cannot be
// said in the body.
func (a *api) breakGlass(r *http.Request) (any, error) {
	g, err := readGlass(r)
	if err != nil {
		return nil, err
	}
	g, err = a.Gates.BreakGlass(r.Context(), g)
	if err != nil {
		return nil, a.gateFailure(r, err, "such service")
	}
	return glassOf(&g), nil
}

func readGlass(r *http.Request) (gate.Glass, error) {
	var body apitypes.GlassRequest
	if err := noParameters(r.URL.RawQuery); err != nil {
		return gate.Glass{}, err
	}
	if err := readJSON(r, &body); err != nil {
		return gate.Glass{}, err
	}
	g := gate.Glass{Service: body.Service, Environment: body.Environment, Reason: oneLine(body.Reason), By: auth.From(r.Context()).Name}
	switch {
	case body.Service == "":
		return g, fail(invalid, "service is missing: whose gate is it?")
	case body.Reason == "":
		return g, fail(invalid, "reason is missing: write why this cannot wait; it is kept in the audit")
	case body.For == "":
		return g, fail(invalid, `for is missing: for how long? write "for": "30m"`)
	}
	d, err := slo.ParseDuration(body.For)
	if err != nil || d <= 0 {
		return g, fail(invalid, "for=%q is not a length of time; write one as 30m or 1h30m", body.For)
	}
	g.Until = time.Now().Add(d)
	return g, checkWords([]word{{"service", g.Service}, {"environment", g.Environment}})
}

func (a *api) mendGlass(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	id, by := r.PathValue("id"), auth.From(r.Context()).Name
	if err := a.Gates.MendGlass(r.Context(), id, by); err != nil {
		return nil, a.gateFailure(r, err, "break-glass "+quoted(id)+"; /api/v1/gate/glass lists those that hold")
	}
	return apitypes.GlassMended{ID: id, By: by}, nil
}
