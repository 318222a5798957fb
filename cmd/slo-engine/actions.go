package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

// actionsCmd is what people ask of the actions at gateways.
type actionsCmd struct {
	List     actionsListCmd     `cmd:"" help:"List actions, the newest first."`
	Show     actionsShowCmd     `cmd:"" help:"Show one action: what it sends, how it is undone, why, and what happened."`
	Approve  actionsApproveCmd  `cmd:"" help:"Say yes to an action that waits for it."`
	Reject   actionsRejectCmd   `cmd:"" help:"Say no to an action that waits for an answer."`
	Undo     actionsUndoCmd     `cmd:"" help:"Take an action back at once, also while everything is paused."`
	Pause    actionsPauseCmd    `cmd:"" help:"Pull the kill switch: nothing is written at any gateway, not even an undo."`
	Resume   actionsResumeCmd   `cmd:"" help:"Let go of the kill switch."`
	Drill    actionsDrillCmd    `cmd:"" help:"Rehearse a playbook at its gateways: print the exact requests, and those that undo them."`
	Autonomy actionsAutonomyCmd `cmd:"" help:"Show, or set, how much is done for a service without asking."`
}

// exitUnreached says that the engine, or its state, could not be asked.
const exitUnreached = 2

// asking are the flags of what asks a running engine about actions.
type asking struct {
	reach
	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// ask calls f with a client, and turns its failure into the exit code.
func (a *asking) ask(ctx context.Context, std streams, within time.Duration, f func(context.Context, *client.Client) error) error {
	engine, err := a.engine(within)
	if err != nil {
		fmt.Fprintf(std.err, "slo-engine: %v\n", err)
		return exit(exitUsage)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return failed(f(ctx, engine), std)
}

// engine is a client that waits so long for an answer.
func (a *asking) engine(within time.Duration) (*client.Client, error) {
	transport, err := a.transport()
	if err != nil {
		return nil, err
	}
	return client.New(a.URL, client.Options{Transport: transport, Timeout: within})
}

// failed tells what the engine refused from an engine that could not be asked.
func failed(err error, std streams) error {
	var refused *client.Error
	var silent exit
	switch {
	case err == nil, errors.As(err, &silent):
		return err
	case errors.As(err, &refused) && refused.Problem.Status < http.StatusInternalServerError:
		return err
	}
	fmt.Fprintf(std.err, "slo-engine: %v\n", unreached(err))
	return exit(exitUnreached)
}

// show prints what was answered, as JSON or as people read it.
func (a *asking) show(std streams, value any, text func() string) error {
	if a.Output == "json" {
		return indented(std, value)
	}
	_, err := fmt.Fprint(std.out, tame(text()))
	return err
}

type actionsListCmd struct {
	asking
	State   []string      `help:"Only these states, such as held or awaiting_approval."`
	Service string        `help:"Only this service."`
	Gateway string        `help:"Only this gateway."`
	Open    bool          `help:"Only those that have not ended."`
	Since   time.Duration `help:"Only those that were created so long ago at most, such as 24h."`
	Limit   int           `default:"100" help:"At most so many."`
}

// Run lists actions.
func (c *actionsListCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		f := client.ActionFilter{States: c.State, Service: c.Service, Gateway: c.Gateway, Open: c.Open, Limit: c.Limit}
		now := time.Now()
		if c.Since > 0 {
			f.Since = now.Add(-c.Since)
		}
		list, err := engine.Actions(ctx, f)
		if err != nil {
			return err
		}
		fmt.Fprintln(std.err, tame(standing(list.Switch)))
		if len(list.Actions) == 0 {
			fmt.Fprintln(std.err, "no such actions")
		}
		return c.show(std, list, func() string { return actionsTable(list.Actions, now) })
	})
}

type actionsShowCmd struct {
	asking
	ID string `arg:"" help:"Id of the action."`
}

// Run shows one action.
func (c *actionsShowCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		action, err := engine.Action(ctx, c.ID)
		if err != nil {
			return err
		}
		return c.show(std, action, func() string { return actionText(action, time.Now()) })
	})
}

// answerFlags are those of what says something about one action.
type answerFlags struct {
	asking
	ID   string `arg:"" help:"Id of the action."`
	Note string `help:"Why, for the audit."`
}

type actionsApproveCmd struct{ answerFlags }

type actionsRejectCmd struct{ answerFlags }

type actionsUndoCmd struct{ answerFlags }

// answering is a method of the client that answers an action.
type answering func(c *client.Client, ctx context.Context, id, note string) (apitypes.Action, error)

func (f *answerFlags) say(ctx context.Context, std streams, say answering) error {
	return f.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		action, err := say(engine, ctx, f.ID, f.Note)
		if err != nil {
			return err
		}
		return f.show(std, action, func() string { return answered(action) + "\n" })
	})
}

// Run says yes.
func (c *actionsApproveCmd) Run(ctx context.Context, std streams) error {
	return c.say(ctx, std, (*client.Client).Approve)
}

// Run says no.
func (c *actionsRejectCmd) Run(ctx context.Context, std streams) error {
	return c.say(ctx, std, (*client.Client).Reject)
}

// Run asks for an undo.
func (c *actionsUndoCmd) Run(ctx context.Context, std streams) error {
	return c.say(ctx, std, (*client.Client).Undo)
}

// switchFlags are those of the kill switch.
type switchFlags struct {
	asking
	Note string `help:"Why, for the audit."`
}

type actionsPauseCmd struct{ switchFlags }

type actionsResumeCmd struct{ switchFlags }

func (f *switchFlags) turn(ctx context.Context, std streams, turn func(c *client.Client, ctx context.Context, note string) (apitypes.Switch, error)) error {
	return f.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) error {
		state, err := turn(engine, ctx, f.Note)
		if err != nil {
			return err
		}
		return f.show(std, state, func() string { return standing(state) + "\n" })
	})
}

// Run pulls the kill switch.
func (c *actionsPauseCmd) Run(ctx context.Context, std streams) error {
	return c.turn(ctx, std, (*client.Client).Pause)
}

// Run lets go of it.
func (c *actionsResumeCmd) Run(ctx context.Context, std streams) error {
	return c.turn(ctx, std, (*client.Client).Resume)
}

type actionsAutonomyCmd struct {
	asking
	Service string `arg:"" help:"The service."`
	Level   string `arg:"" optional:"" help:"auto: actions are done; approve: a person says yes to each; advise: nothing is done, only said. Without it the level is shown."`
	Note    string `help:"Why, for the audit."`
}

// Run shows or sets the autonomy of a service.
func (c *actionsAutonomyCmd) Run(ctx context.Context, std streams) error {
	return c.ask(ctx, std, patience, func(ctx context.Context, engine *client.Client) (err error) {
		var a apitypes.Autonomy
		if c.Level == "" {
			a, err = engine.Autonomy(ctx, c.Service)
		} else {
			a, err = engine.SetAutonomy(ctx, c.Service, c.Level, c.Note)
		}
		if err != nil {
			return err
		}
		if !a.Known {
			fmt.Fprintln(std.err, tame(fmt.Sprintf("no SLO has the service %q, and no action of the last week", a.Service)))
		}
		return c.show(std, a, func() string { return autonomyText(a) })
	})
}

// standing says whether anything is done at gateways.
func standing(s apitypes.Switch) string {
	text := map[string]string{
		"off": "off: nothing is done at any gateway", "dry_run": "dry run: what would be done is shown, and nothing is written",
		"enforce": "enforce: actions are done",
	}[s.Mode]
	text = cmp.Or(text, s.Mode)
	if s.PausedBy != "" {
		text = "paused by " + s.PausedBy + ": nothing is written at any gateway (mode " + s.Mode + ")"
	}
	if s.Leader != "" {
		text += "; " + s.Leader + " leads"
	}
	return text
}

// answered says where an action stands after somebody said something.
func answered(a apitypes.Action) string {
	text := a.ID + " is " + a.State + " (" + a.Reason + ")"
	if a.UndoAskedBy != "" {
		text += "; " + a.UndoAskedBy + " wants it undone"
	}
	return text
}

func autonomyText(a apitypes.Autonomy) string {
	text := a.Service + ": " + a.Level
	switch {
	case a.SetBy != "" && a.Level == a.SetLevel:
		text += ", set by " + a.SetBy + " at " + moment(a.SetAt)
	case a.SetBy != "":
		text += ", as its actions left it of " + a.SetLevel + ", set by " + a.SetBy + " at " + moment(a.SetAt)
	case a.Level != a.SetLevel:
		text += ", as its actions left it of " + a.SetLevel
	}
	return text + "\n"
}
