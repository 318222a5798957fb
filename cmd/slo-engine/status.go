package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type statusCmd struct {
	URL     string `default:"http://127.0.0.1:9490" help:"Address of the engine."`
	Service string `help:"Only this service."`
	State   string `help:"Only this state: ok, burning, exhausted, idle, no_data, unknown, error."`
	Output  string `short:"o" enum:"text,json" default:"text" help:"text or json."`
}

// Run asks a running engine.
func (c *statusCmd) Run(ctx context.Context, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	engine, err := client.New(c.URL, client.Options{})
	if err != nil {
		return err
	}
	filter := client.Filter{Service: c.Service}
	if c.State != "" {
		filter.States = []string{c.State}
	}
	slos, err := engine.SLOs(ctx, filter)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("%w; start it with slo-engine serve, or name its address with --url", err)
	}
	if err != nil {
		return err
	}
	if c.Output == "json" {
		encoder := json.NewEncoder(std.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(slos)
	}
	return writeStatus(std, slos)
}

func writeStatus(std streams, slos []apitypes.SLO) error {
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "SLO\tSTATE\tOBJECTIVE\tSLI\tBUDGET LEFT\tBURN 1H\tCOVERAGE\tALERTS")
	if len(slos) == 0 {
		fmt.Fprintln(std.err, "no such SLOs")
	}
	for _, s := range slos {
		left := budgetLeft(s.ErrorBudgetRemaining, s.Adjustments)
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", label(s), s.State,
			share(s.Objective, 4), share(s.SLI, 4), left, rate(s.BurnRates["1h"]),
			share(s.Coverage, 1), firing(s))
		for _, p := range s.Periods {
			fmt.Fprintf(table, "  over %s\t\t\t%s\t%s\t\t%s\t\n", p.Window,
				share(p.SLI, 4), budgetLeft(p.ErrorBudgetRemaining, p.Adjustments), share(p.Coverage, 1))
		}
	}
	return table.Flush()
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
