package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/gate"
)

// markDeploy answers with the deploy as it is kept: of the same id twice, the first.
func (a *api) markDeploy(r *http.Request) (any, error) {
	d, err := readDeploy(r)
	if err != nil {
		return nil, err
	}
	d, err = a.Gates.MarkDeploy(r.Context(), d)
	if err != nil {
		return nil, a.gateFailure(r, err, "such service")
	}
	return deployOf(&d), nil
}

func readDeploy(r *http.Request) (gate.Deploy, error) {
	var body apitypes.DeployEvent
	if err := noParameters(r.URL.RawQuery); err != nil {
		return gate.Deploy{}, err
	}
	if err := readJSON(r, &body); err != nil {
		return gate.Deploy{}, err
	}
	d := gate.Deploy{ID: body.ID, Service: body.Service, Environment: body.Environment, Version: body.Version, At: body.At.Time}
	if d.Service == "" {
		return d, fail(invalid, "service is missing: what was deployed?")
	}
	return d, checkWords([]word{{"id", d.ID}, {"service", d.Service}, {"environment", d.Environment}, {"version", d.Version}})
}

func (a *api) listDeploys(r *http.Request) (any, error) {
	service, err := serviceAlone(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	deploys, err := a.Gates.Deploys(r.Context(), service)
	if err != nil {
		return nil, a.gateFailure(r, err, "such service")
	}
	list := apitypes.DeployList{Deploys: make([]apitypes.Deploy, 0, len(deploys))}
	for i := range deploys {
		list.Deploys = append(list.Deploys, deployOf(&deploys[i]))
	}
	return list, nil
}

// serviceAlone reads a query that may name a service, and nothing else.
func serviceAlone(query string) (string, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "", fail(invalid, "query string cannot be read: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if name != "service" {
			return "", fail(invalid, "unknown parameter %q; known is service", name)
		}
		if err := once(name, values[name]); err != nil {
			return "", err
		}
	}
	service := word{"service", values.Get("service")}
	return service.text, service.check()
}
