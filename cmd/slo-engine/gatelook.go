package main

import (
	"context"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type gateExplainCmd struct {
	asking
	ID string `arg:"" help:"Id of the verdict."`
}

// Run explains a verdict.
func (c *gateExplainCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		e, err := engine.Explain(ctx, c.ID)
		if err != nil {
			return err
		}
		return c.show(std, e, func() string { return explanationText(e, time.Now()) })
	})
}

type gateVerdictsCmd struct {
	asking
	Service  string        `placeholder:"NAME" help:"Only of this service."`
	Decision string        `enum:"allow,hold,deny,unknown," default:"" help:"Only allow, hold, deny or unknown."`
	Since    time.Duration `placeholder:"24h" help:"Only those that were told so long ago at most."`
	Limit    int           `default:"100" help:"At most so many."`
}

// Run lists verdicts.
func (c *gateVerdictsCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		f, now := client.VerdictFilter{Service: c.Service, Decision: c.Decision, Limit: c.Limit}, time.Now()
		if c.Since > 0 {
			f.Since = now.Add(-c.Since)
		}
		list, err := engine.Verdicts(ctx, f)
		if err != nil {
			return err
		}
		noneOf(std, len(list), "such verdicts")
		return c.show(std, apitypes.GateToldList{Verdicts: list}, func() string { return verdictsTable(list, now) })
	})
}

type gatePoliciesCmd struct{ asking }

// Run shows policies.
func (c *gatePoliciesCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		list, err := engine.GatePolicies(ctx)
		if err != nil {
			return err
		}
		return c.show(std, list, func() string { return policiesText(list) })
	})
}

type gateGlassesCmd struct{ asking }

// Run lists break-glasses.
func (c *gateGlassesCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		list, err := engine.Glasses(ctx)
		if err != nil {
			return err
		}
		noneOf(std, len(list), "break-glass holds")
		return c.show(std, apitypes.GlassList{Glasses: list}, func() string { return glassesTable(list, time.Now()) })
	})
}

type gateDeploysCmd struct {
	asking
	Service string `placeholder:"NAME" help:"Only of this service."`
}

// Run lists deploys.
func (c *gateDeploysCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		list, err := engine.Deploys(ctx, c.Service)
		if err != nil {
			return err
		}
		noneOf(std, len(list), "such deploys")
		return c.show(std, apitypes.DeployList{Deploys: list}, func() string { return deploysTable(list, time.Now()) })
	})
}

// noneOf says so where a list is empty.
func noneOf(std streams, n int, what string) {
	if n == 0 {
		fmt.Fprintln(std.err, "no "+what)
	}
}
