package main

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type gateBreakGlassCmd struct {
	asking
	Service     string `required:"" placeholder:"NAME" help:"Whose changes pass."`
	Environment string `placeholder:"NAME" help:"Only in this environment; without it, in all."`
	Reason      string `required:"" help:"Why, for the audit and for everybody who asks the gate meanwhile."`
	For         string `default:"30m" help:"For how long, such as 30m; a day at most."`
}

// Run breaks the glass.
func (c *gateBreakGlassCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		g, err := engine.BreakGlass(ctx, apitypes.GlassRequest{
			Service: c.Service, Environment: c.Environment, Reason: c.Reason, For: c.For,
		})
		if err != nil {
			return err
		}
		return c.show(std, g, func() string {
			return "every change of " + g.Service + " passes, " + glassText(g) + "\nslo-engine gate mend " + g.ID + " ends it\n"
		})
	})
}

type gateMendCmd struct {
	asking
	ID string `arg:"" help:"Id of the break-glass."`
}

// Run mends the glass.
func (c *gateMendCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		m, err := engine.MendGlass(ctx, c.ID)
		if err != nil {
			return err
		}
		return c.show(std, m, func() string { return m.ID + " is ended by " + m.By + "\n" })
	})
}

type gateDeployedCmd struct {
	asking
	Service     string    `required:"" placeholder:"NAME" help:"What was deployed."`
	Version     string    `required:"" placeholder:"VERSION" help:"Its version, as its series have it in their label where versions are compared."`
	Environment string    `placeholder:"NAME" help:"Where to."`
	ID          string    `name:"id" placeholder:"ID" help:"Your id for it: the same one twice counts once. Without it the engine makes one."`
	At          time.Time `placeholder:"TIME" help:"When, such as 2026-03-01T12:00:00Z. Without it: now."`
}

// Run marks a deploy.
func (c *gateDeployedCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		d, err := engine.MarkDeploy(ctx, apitypes.DeployEvent{
			ID: c.ID, Service: c.Service, Environment: c.Environment, Version: c.Version, At: apitypes.Time{Time: c.At},
		})
		if err != nil {
			return err
		}
		return c.show(std, d, func() string {
			return d.ID + ": " + d.Service + " " + d.Version + in(d.Environment) + " is deployed since " + moment(d.At) + "\n"
		})
	})
}

// in names an environment, if there is one.
func in(environment string) string {
	if environment == "" {
		return ""
	}
	return " in " + environment
}
