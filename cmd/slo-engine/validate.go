package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

type validateCmd struct {
	Strict bool `help:"Refuse warnings too, such as tiers that had to be rescaled, and what a format's own product refuses."`
	readFlags
	Output string   `short:"o" enum:"text,json" default:"text" help:"text or json."`
	Files  []string `arg:"" name:"files" help:"SLO files; patterns are expanded."`
}

// Run checks the files. It exits 1 when a document is faulty: to ask for what is
// not measured here is no fault.
func (c *validateCmd) Run(std streams) error {
	loaded, err := app.Check(c.Files, c.options(c.Strict))
	if err != nil {
		return err
	}
	refused := c.grade(loaded.Problems)
	write := writeText
	if c.Output == "json" {
		write = writeJSON
	}
	if err := write(std, loaded); err != nil {
		return err
	}
	if refused > 0 {
		return exit(exitFailed)
	}
	return nil
}

// grade makes errors of what is refused here, and counts them.
func (c *validateCmd) grade(problems []slo.Problem) (refused int) {
	missing(problems)
	for i := range problems {
		p := &problems[i]
		if c.Strict || p.Severity == slo.Error {
			p.Severity = slo.Error
			refused++
		}
	}
	return refused
}

// ratios are the error ratios for which detection times are shown.
var ratios = []float64{1, 0.1, 0.01}

func writeText(std streams, loaded *app.Loaded) error {
	for _, p := range loaded.Problems {
		fmt.Fprintln(std.err, p)
	}
	for _, program := range loaded.Programs {
		if err := writeSLO(std.out, program); err != nil {
			return err
		}
	}
	fmt.Fprintln(std.err, counts(loaded))
	return nil
}

// counts are those of the SLOs and the problems.
func counts(loaded *app.Loaded) string {
	sound := counted(len(loaded.Programs), "sound SLO")
	if n := unserved(loaded.Problems); n > 0 {
		sound += fmt.Sprintf(", %d %s", n, slo.NotMeasured)
	}
	return sound + ", " + counted(len(loaded.Problems), "problem")
}

// unserved counts the SLOs that are not measured here and have no fault. A
// document whose SLOs are not told apart counts as one.
func unserved(problems []slo.Problem) int {
	type place struct {
		file     string
		document int
		id       string
	}
	asked, faulty := map[place]bool{}, map[place]bool{}
	for _, p := range problems {
		at := place{p.File, p.Document, p.SLO}
		asked[at] = asked[at] || p.Severity == slo.Unserved
		faulty[at] = faulty[at] || p.Severity == slo.Error
	}
	maps.DeleteFunc(asked, func(at place, unserved bool) bool { return !unserved || faulty[at] })
	return len(asked)
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// writeSLO shows how an SLO is measured, and when it alerts.
func writeSLO(w io.Writer, program *sli.Program) error {
	spec := program.Spec
	fmt.Fprintf(w, "%s  objective %s over %s  (%s)\n", spec.ID(), spec.Objective, spec.Window, spec.Origin)
	for _, line := range program.Served() {
		fmt.Fprintln(w, "  "+line)
	}
	for _, a := range spec.Adjustments {
		fmt.Fprintf(w, "  without the time of %s: %s\n", a.Name, a.When())
	}
	if spec.Alerting.Disabled {
		fmt.Fprint(w, "  alerts are disabled\n\n")
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  TIER\tSEVERITY\tLONG/SHORT\tFACTOR\tFIRES AT 100% ERRORS\tAT 10%\tAT 1%")
	tiers, _ := engine.Tiers(spec)
	for _, t := range tiers {
		severity := string(t.Severity)
		if severity == "" {
			severity = "-"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s/%s\t%.4g", t.Name, severity, slo.FormatDuration(t.Long), slo.FormatDuration(t.Short), t.Factor)
		for _, ratio := range ratios {
			d, ok := t.DetectionTime(spec.Objective.Budget(), ratio)
			fmt.Fprint(table, "\t"+detection(d, ok))
		}
		fmt.Fprintln(table)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range said(spec.Alerting) {
		fmt.Fprintln(w, "  "+line)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// said is what is unusual about an SLO's alerts beside its tiers, and where it
// comes from.
func said(a slo.Alerting) (lines []string) {
	if a.Policy != "" {
		lines = append(lines, "what the SLO leaves open is by the AlertPolicy "+a.Policy)
	}
	gate := alerts.GateOf(a.Terms)
	if gate != alerts.DefaultGate() {
		lines = append(lines, fmt.Sprintf("a tier needs %v bad events and a confidence of %v", gate.MinBad, gate.Confidence))
	}
	if a.Terms.NoData != (slo.NoData{}) {
		after, policy := silenceOf(a.Terms)
		lines = append(lines, "a silence of "+slo.FormatDuration(after)+" "+meanings[policy])
	}
	return lines
}

// meanings are what a silence does, by policy.
var meanings = map[slo.NoDataPolicy]string{
	slo.UsualNoData: "freezes the alerts, and is told", slo.FreezeNoData: "freezes the alerts, and is told",
	slo.BadNoData: "counts as bad traffic, and is told", slo.GoodNoData: "counts as good traffic, and is told",
	slo.IgnoreNoData: "ends burn alerts, and is not told",
}

// silenceOf says how long a silence may be and what it counts as then.
func silenceOf(t slo.AlertTerms) (time.Duration, slo.NoDataPolicy) {
	return cmp.Or(t.NoData.After, slo.UsualSilence), t.NoData.Policy
}

func detection(d time.Duration, ok bool) string {
	if !ok {
		return "never"
	}
	return d.Round(100 * time.Millisecond).String()
}

type validated struct {
	SLOs     []validatedSLO `json:"slos"`
	Problems []problem      `json:"problems"`
}

type validatedSLO struct {
	ID        string   `json:"id"`
	File      string   `json:"file"`
	Document  int      `json:"document"`
	Objective float64  `json:"objective"`
	Window    string   `json:"window"`
	Served    []string `json:"served"`
	Tiers     []tier   `json:"tiers"`
	// Policy is the AlertPolicy that the SLO goes by; empty: none.
	Policy     string  `json:"alert_policy"`
	Confidence float64 `json:"confidence"`
	MinBad     float64 `json:"min_bad"`
	NoData     noData  `json:"no_data"`
}

type noData struct {
	AfterSeconds float64 `json:"after_seconds"`
	Policy       string  `json:"policy"`
}

type tier struct {
	Name     string  `json:"name"`
	Severity string  `json:"severity"`
	Long     string  `json:"long"`
	Short    string  `json:"short"`
	Factor   float64 `json:"factor"`
	// DetectionSeconds is by error ratio; null where the tier never fires.
	DetectionSeconds map[string]*float64 `json:"detection_seconds"`
}

type problem struct {
	Severity string `json:"severity"`
	File     string `json:"file"`
	Document int    `json:"document"`
	Line     int    `json:"line"`
	SLO      string `json:"slo"`
	Field    string `json:"field"`
	Message  string `json:"message"`
	Fix      string `json:"fix"`
}

func writeJSON(std streams, loaded *app.Loaded) error {
	out := validated{SLOs: []validatedSLO{}, Problems: []problem{}}
	for _, p := range loaded.Problems {
		out.Problems = append(out.Problems, problem{p.Severity.String(), p.File, p.Document, p.Line, p.SLO, p.Field, p.Message, p.Fix})
	}
	for _, program := range loaded.Programs {
		out.SLOs = append(out.SLOs, describe(program))
	}
	encoder := json.NewEncoder(std.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func describe(program *sli.Program) validatedSLO {
	spec := program.Spec
	out := validatedSLO{
		ID: spec.ID(), File: spec.Origin.File, Document: spec.Origin.Document,
		Objective: spec.Objective.Ratio(), Window: spec.Window.String(), Served: program.Served(), Tiers: []tier{},
	}
	if spec.Alerting.Disabled {
		return out
	}
	gate := alerts.GateOf(spec.Alerting.Terms)
	out.Policy, out.Confidence, out.MinBad = spec.Alerting.Policy, gate.Confidence, gate.MinBad
	after, policy := silenceOf(spec.Alerting.Terms)
	out.NoData = noData{after.Seconds(), policy.String()}
	tiers, _ := engine.Tiers(spec)
	for _, t := range tiers {
		row := tier{
			Name: t.Name, Severity: string(t.Severity), Long: slo.FormatDuration(t.Long), Short: slo.FormatDuration(t.Short),
			Factor: t.Factor, DetectionSeconds: map[string]*float64{},
		}
		for _, ratio := range ratios {
			key := strconv.FormatFloat(ratio, 'g', -1, 64)
			row.DetectionSeconds[key] = nil
			if d, ok := t.DetectionTime(spec.Objective.Budget(), ratio); ok {
				seconds := d.Seconds()
				row.DetectionSeconds[key] = &seconds
			}
		}
		out.Tiers = append(out.Tiers, row)
	}
	return out
}
