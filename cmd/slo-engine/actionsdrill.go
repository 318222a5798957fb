package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type actionsDrillCmd struct {
	asking
	Name    string            `arg:"" help:"Name of the playbook."`
	Label   map[string]string `mapsep:"none" placeholder:"NAME=VALUE" help:"A label of the alert that is supposed; may be given more than once."`
	ForReal bool              `help:"Act at the gateways, wait until it is live, and undo it at once."`
}

// How long a drill may take: for real, each action is done, seen and undone.
const (
	rehearseFor = 2 * time.Minute
	drillFor    = 10 * time.Minute
)

// Run rehearses a playbook, or drills it for real.
func (c *actionsDrillCmd) Run(ctx context.Context, std streams) error {
	within := rehearseFor
	if c.ForReal {
		within = drillFor
	}
	return c.ask(ctx, std, within, func(ctx context.Context, engine *client.Client) error {
		drill, err := engine.Drill(ctx, c.Name, c.Label, c.ForReal)
		if err != nil {
			return err
		}
		if err := c.show(std, drill, func() string { return drillText(drill) }); err != nil {
			return err
		}
		if !drill.Sound {
			return exit(exitFailed)
		}
		return nil
	})
}

func drillText(d apitypes.Drill) string {
	var b strings.Builder
	switch {
	case !d.Real:
		fmt.Fprintf(&b, "%s, rehearsed: nothing was written\n", cell(d.Playbook))
	case d.Sound:
		fmt.Fprintf(&b, "%s, for real: each action was live, and is taken back\n", cell(d.Playbook))
	default:
		fmt.Fprintf(&b, "%s, for real: not everything went as it should\n", cell(d.Playbook))
	}
	for _, s := range d.Steps {
		writeStep(&b, s, d.Real)
	}
	return b.String()
}

func writeStep(b *strings.Builder, s apitypes.DrillStep, real bool) {
	const indent = "   "
	fmt.Fprintf(b, "\n%d. %s at %s\n", s.Step+1, cell(s.What), cell(cmp.Or(s.Gateway, s.GatewayKind)))
	switch {
	case s.ActionID != "" && s.Restored:
		fmt.Fprintf(b, "%s%s is %s: what was there before is there again\n", indent, cell(s.ActionID), s.State)
	case s.ActionID != "":
		fmt.Fprintf(b, "%s%s is %s, %s%s: what was there before is not there again\n", indent, cell(s.ActionID), s.State, s.Reason, inBrackets(s.Note))
	case s.Reason != "":
		fmt.Fprintf(b, "%snot done: %s%s\n", indent, s.Reason, inBrackets(s.Note))
	}
	if s.Plan == nil {
		return
	}
	sent := "What would be sent"
	if real {
		sent = "What was sent"
	}
	writePlan(b, s.Plan, sent, "What takes it back", indent)
	writeGuarantees(b, s.Guarantees, indent)
	writeTimes(b, s, indent)
}

func inBrackets(text string) string {
	if text == "" {
		return ""
	}
	return " (" + cell(text) + ")"
}

func writeTimes(b *strings.Builder, s apitypes.DrillStep, indent string) {
	if len(s.Times) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%sTimes\n", indent)
	rows := [][]string{}
	for _, t := range s.Times {
		rows = append(rows, []string{indent + "  " + t.What, "+" + span(t.After)})
	}
	if s.TimeToHeal != nil {
		rows = append(rows, []string{indent + "  time to heal", span(*s.TimeToHeal)})
	}
	columns(b, rows...)
}

// span is a number of seconds as people read it.
func span(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond).String()
}
