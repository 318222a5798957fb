package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// GateQuestion asks whether a change may ship. Only Service is needed.
type GateQuestion struct {
	Service string
	// SLO narrows it to one SLO of the service, by name.
	SLO string
	// Kind is deploy (empty means that too), rollback, scale_up or fix_forward.
	Kind string
	// Version is what is to ship, Baseline what it is compared with.
	Version, Baseline string
	Environment       string
}

func (g GateQuestion) query() url.Values {
	return said(map[string]string{
		"service": g.Service, "slo": g.SLO, "kind": g.Kind, "version": g.Version, "baseline": g.Baseline, "environment": g.Environment,
	})
}

// said are the parameters that are not empty.
func said(parameters map[string]string) url.Values {
	q := url.Values{}
	for name, value := range parameters {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// Gate asks whether a change may ship. Every decision is an answer, and none an
// error.
func (c *Client) Gate(ctx context.Context, g GateQuestion) (v apitypes.GateVerdict, err error) {
	err = c.get(ctx, &v, g.query(), "api/v1/gate")
	return v, err
}

// Explain explains a verdict by its id, with every number that was looked at.
func (c *Client) Explain(ctx context.Context, id string) (e apitypes.GateExplanation, err error) {
	err = c.get(ctx, &e, nil, "api/v1/gate/verdicts", id)
	return e, err
}

// VerdictFilter selects verdicts; what is empty selects all.
type VerdictFilter struct {
	Service string
	// Decision is allow, hold, deny or unknown.
	Decision string
	// Since takes those that were told then or later.
	Since time.Time
	// Limit bounds how many there are. 0: the engine's usual 100.
	Limit int
}

func (f VerdictFilter) query() url.Values {
	q := said(map[string]string{"service": f.Service, "decision": f.Decision})
	if !f.Since.IsZero() {
		q.Set("since", f.Since.UTC().Format(time.RFC3339Nano))
	}
	if f.Limit > 0 {
		q.Set("limit", strconv.Itoa(f.Limit))
	}
	return q
}

// Verdicts lists the verdicts that were told, the newest first.
func (c *Client) Verdicts(ctx context.Context, f VerdictFilter) ([]apitypes.GateTold, error) {
	var list apitypes.GateToldList
	err := c.get(ctx, &list, f.query(), "api/v1/gate/verdicts")
	return list.Verdicts, err
}

// GatePolicies lists the policies in force, by name, and the default one.
func (c *Client) GatePolicies(ctx context.Context) (list apitypes.GatePolicyList, err error) {
	err = c.get(ctx, &list, nil, "api/v1/gate/policies")
	return list, err
}

// Glasses lists the break-glasses that hold.
func (c *Client) Glasses(ctx context.Context) ([]apitypes.Glass, error) {
	var list apitypes.GlassList
	err := c.get(ctx, &list, nil, "api/v1/gate/glass")
	return list.Glasses, err
}

// BreakGlass lets everything of a service pass for a while.
func (c *Client) BreakGlass(ctx context.Context, g apitypes.GlassRequest) (broken apitypes.Glass, err error) {
	err = c.send(ctx, http.MethodPost, g, &broken, "api/v1/gate/glass")
	return broken, err
}

// MendGlass ends a break-glass.
func (c *Client) MendGlass(ctx context.Context, id string) (m apitypes.GlassMended, err error) {
	err = c.send(ctx, http.MethodDelete, struct{}{}, &m, "api/v1/gate/glass", id)
	return m, err
}

// MarkDeploy says that something was deployed. The same ID twice counts once.
func (c *Client) MarkDeploy(ctx context.Context, e apitypes.DeployEvent) (d apitypes.Deploy, err error) {
	err = c.send(ctx, http.MethodPost, e, &d, "api/v1/events/deploy")
	return d, err
}

// Deploys lists the deploys of a service, the newest first, with what has burned
// since; service "": of all.
func (c *Client) Deploys(ctx context.Context, service string) ([]apitypes.Deploy, error) {
	var list apitypes.DeployList
	err := c.get(ctx, &list, said(map[string]string{"service": service}), "api/v1/deploys")
	return list.Deploys, err
}
