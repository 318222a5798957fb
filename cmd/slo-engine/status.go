package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type statusCmd struct {
	reach
	Service string `help:"Only this service."`
	State   string `help:"Only this state: ok, burning, exhausted, idle, no_data, unknown, error."`
	// Backends shows the servers that SLOs are read from, instead.
	Backends bool `help:"Show the servers that SLOs are read from, and how far the past is read."`

	Output string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run asks a running engine.
func (c *statusCmd) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	engine, err := c.client()
	if err != nil {
		return err
	}
	if c.Backends {
		return c.backends(ctx, std, engine)
	}
	filter := client.Filter{Service: c.Service}
	if c.State != "" {
		filter.States = []string{c.State}
	}
	slos, err := engine.SLOs(ctx, filter)
	if err != nil {
		return unreached(err)
	}
	if c.Output == "json" {
		return indented(std, slos)
	}
	// An older engine does not say how far the past is read.
	backends, _ := engine.Backends(ctx)
	return writeStatus(std, slos, backends)
}

func (c *statusCmd) backends(ctx context.Context, std streams, engine *client.Client) error {
	backends, err := engine.Backends(ctx)
	if err != nil {
		return unreached(err)
	}
	if c.Output == "json" {
		return indented(std, backends)
	}
	return writeBackends(std, backends)
}

func indented(std streams, value any) error {
	encoder := json.NewEncoder(std.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func writeStatus(std streams, slos []apitypes.SLO, backends []apitypes.Backend) error {
	pasts := map[string]*apitypes.Backfill{}
	for _, b := range backends {
		for _, p := range b.Pasts {
			pasts[p.SLOID] = &p.Backfill
		}
	}
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SLO\tSTATE\tOBJECTIVE\tSLI\tBUDGET LEFT\tBURN 1H\tCOVERAGE\tALERTS")
	if len(slos) == 0 {
		fmt.Fprintln(std.err, "no such SLOs")
	}
	for _, s := range slos {
		left := budgetLeft(s.ErrorBudgetRemaining, s.Adjustments)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", label(s), s.State,
			share(s.Objective, 4), interval(s), left, rate(s.BurnRates["1h"]),
			observed(s.Coverage, pasts[s.Service+":"+s.Name]), firing(s))
		for _, p := range s.Periods {
			fmt.Fprintf(table, "  over %s\t\t\t%s\t%s\t\t%s\t\n", p.Window,
				share(p.SLI, 4), budgetLeft(p.ErrorBudgetRemaining, p.Adjustments), share(p.Coverage, 1))
		}
	}
	return table.Flush()
}

// interval is the SLI, up to what it would be if the events that a histogram's
// bucket leaves open were good.
func interval(s apitypes.SLO) string {
	text := share(s.SLI, 4)
	if s.UncertainEvents == nil || s.SLI == nil || s.TotalEvents == nil || *s.TotalEvents == 0 {
		return text
	}
	best := min(1, *s.SLI + *s.UncertainEvents / *s.TotalEvents)
	if upper := share(&best, 4); upper != text {
		text += " to " + upper
	}
	return text
}

// observed is the coverage, and what is being done about it.
func observed(coverage *float64, past *apitypes.Backfill) string {
	text := share(coverage, 1)
	if reading := readingThePast(past); reading != "" {
		text += " (" + reading + ")"
	}
	return text
}

// budgetLeft shows the budget, and what it would be if nothing was excluded.
func budgetLeft(remaining *float64, adjusted *apitypes.Adjustments) string {
	if adjusted == nil {
		return share(remaining, 1)
	}
	return share(remaining, 1) + " (" + share(adjusted.ErrorBudgetRemainingWithout, 1) + " unadjusted)"
}

// label names an SLO for people: groups by their labels rather than a hash.
func label(s apitypes.SLO) string {
	name := s.Service + ":" + s.Name
	if s.Service == "" {
		name = s.ID
	}
	if len(s.Group) == 0 {
		return name
	}
	pairs := make([]string, 0, len(s.Group))
	for _, key := range slices.Sorted(maps.Keys(s.Group)) {
		pairs = append(pairs, key+"="+s.Group[key])
	}
	return name + "{" + strings.Join(pairs, ",") + "}"
}

// share is a percentage. What is rounded never looks like nothing or all.
func share(f *float64, decimals int) string {
	if f == nil {
		return "-"
	}
	switch least := math.Pow10(-decimals - 2); {
	case *f > 0 && *f < least/2:
		return "<" + percentage(least, decimals)
	case *f < 1 && *f >= 1-least/2:
		return ">" + percentage(1-least, decimals)
	}
	return percentage(*f, decimals)
}

func percentage(f float64, decimals int) string {
	text := strconv.FormatFloat(f*100, 'f', decimals, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text + "%"
}

func rate(f *float64) string {
	if f == nil {
		return "-"
	}
	return strconv.FormatFloat(*f, 'f', 2, 64)
}

// firing lists the alerts of an SLO, or why it is not used.
func firing(s apitypes.SLO) string {
	if s.Error != "" {
		return s.Error
	}
	names := make([]string, 0, len(s.Alerts))
	for _, a := range s.Alerts {
		names = append(names, a.Tier)
	}
	return strings.Join(names, " ")
}
