package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/formats"
	"github.com/slo-engine/slo-engine/internal/gateways"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Reload reads the configuration, the SLO files and alertmanager.yml again and
// applies them, or keeps everything as it was and says why. A faulty SLO
// document is no reason to refuse: it is quarantined, the others run.
func (a *App) Reload() error {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	ctx, end := a.tracing.span(context.Background(), "reload")
	defer end()
	next, err := config.Load(a.options.ConfigFile, a.options.Overrides...)
	if err != nil {
		return a.kept(err)
	}
	if fields := fixedChanges(a.config, next); len(fields) > 0 {
		return a.kept(fmt.Errorf("%s changed: that needs a restart", strings.Join(fields, ", ")))
	}
	loaded, err := Check(next.SLOFiles, readAs(next))
	if err != nil {
		return a.kept(err)
	}
	letIn, err := a.door.Prepare(next.Auth.Sources())
	if err != nil {
		return a.kept(err)
	}
	loaded.fromKnown(a.config)
	held := adjustmentsOf(loaded.Programs)
	if err := a.auditAdjustments(ctx, held, ""); err != nil {
		return a.kept(fmt.Errorf("what changes cannot be audited, so it does not apply: %w", err))
	}
	if err := a.apply(loaded); err != nil {
		return errors.Join(err, a.auditAdjustments(ctx, a.inForce(), "engine: the reload was refused"))
	}
	letIn()
	a.adjustments.Store(&held)
	a.sendHistory(next)
	a.scrapeFrom(next)
	a.poll(loaded.Programs)
	a.events.Serve(loaded.Programs)
	a.healer.serve(loaded.Playbooks, loaded.Programs)
	a.gates.Load(loaded.Policies)
	a.config = next
	a.report(loaded)
	return nil
}

// apply is what of a reload can still be refused when it is written down.
func (a *App) apply(loaded *Loaded) error {
	if a.embedded != nil {
		if err := a.embedded.Reload(); err != nil {
			return a.kept(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return a.engine.Load(ctx, loaded.Programs, loaded.Problems)
}

func (a *App) kept(err error) error {
	a.log.Error("reload refused, everything stays as it was", "error", err)
	return err
}

// reloaded are the settings that a reload takes over.
var reloaded = []string{"slo_files", "formats", "remote_write", "scrape", "scrape_configs", "scrape_config_files", "auth"}

// fixedChanges names the settings that differ and are read at start only.
func fixedChanges(old, next *config.Config) []string {
	var changed []string
	a, b := reflect.ValueOf(*old), reflect.ValueOf(*next)
	for i := range a.NumField() {
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("yaml"), ",")
		if slices.Contains(reloaded, name) {
			continue
		}
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			changed = append(changed, name)
		}
	}
	return changed
}

// recover reads the SLO files for the first time, and what was counted for them
// before.
func (a *App) recover() error {
	loaded, err := Check(a.config.SLOFiles, readAs(a.config))
	if err != nil {
		return err
	}
	loaded.fromKnown(a.config)
	a.auditAtStart(loaded)
	if err := a.engine.Recover(loaded.Programs, loaded.Problems); err != nil {
		return err
	}
	a.poll(loaded.Programs)
	a.events.Serve(loaded.Programs)
	a.healer.serve(loaded.Playbooks, loaded.Programs)
	a.gates.Load(loaded.Policies)
	a.report(loaded)
	return nil
}

// Loaded is what a set of SLO files holds.
type Loaded struct {
	// Programs are the sound SLOs, compiled.
	Programs []*sli.Program
	// Playbooks are the sound ones, by name.
	Playbooks []*slo.Remediation
	// Policies are those of gates, the sound ones, by name.
	Policies []*slo.GatePolicy
	// Problems are what is wrong with the others (Error), what they ask for and
	// cannot be measured (Unserved), and what a person should know of the sound
	// ones (Warning).
	Problems []slo.Problem

	strict bool // what is Unserved is an Error
}

// readAs is how the configuration wants documents to be read.
func readAs(c *config.Config) formats.Options {
	return formats.Options{Strict: c.Formats.Strict, SlothPeriod: c.Formats.SlothPeriod}
}

// Check reads SLO files as serving would. The error means that a pattern is
// no pattern.
func Check(patterns []string, o formats.Options) (*Loaded, error) {
	programs, loaded := map[*slo.Spec]*sli.Program{}, &Loaded{strict: o.Strict}
	loader := slo.Loader{
		Formats: formats.All(o), Strict: o.Strict, Remedy: gateways.Check, Remediations: &loaded.Playbooks, GatePolicies: &loaded.Policies,
		Check: func(spec *slo.Spec) []slo.Problem {
			program, problems := compile(spec)
			programs[spec] = program
			return append(problems, tierWarnings(spec)...)
		},
	}
	specs, problems, err := config.LoadSpecs(patterns, loader)
	if err != nil {
		return nil, err
	}
	loaded.Problems = problems
	for _, spec := range specs {
		loaded.Programs = append(loaded.Programs, programs[spec])
	}
	return loaded, nil
}

// tierWarnings show the arithmetic of tiers that did not fit the SLO.
func tierWarnings(spec *slo.Spec) []slo.Problem {
	if spec.Alerting.Disabled || spec.Objective.Budget() == 0 || spec.Window.Nominal() == 0 {
		return nil // or too faulty to have tiers
	}
	var problems []slo.Problem
	_, misfits := engine.Tiers(spec)
	for _, m := range misfits {
		problems = append(problems, slo.Problem{
			Origin: spec.Origin, Severity: slo.Warning, SLO: spec.ID(), Field: m.Field, Message: m.Text,
		})
	}
	return problems
}

// report logs what was loaded: each problem is a line.
func (a *App) report(loaded *Loaded) {
	log := a.component("slo")
	for _, p := range loaded.Problems {
		level, message := slog.LevelError, p.Message
		if p.Severity != slo.Error {
			level = slog.LevelWarn
		}
		if p.Severity == slo.Unserved {
			message = slo.NotMeasured + ": " + message
		}
		log.LogAttrs(context.Background(), level, message, attributes(p)...)
	}
	log.Info("SLOs loaded", "slos", len(loaded.Programs), "problems", len(loaded.Problems), "playbooks", len(loaded.Playbooks), "gate_policies", len(loaded.Policies))
}

// attributes are what is known of where a problem lies.
func attributes(p slo.Problem) []slog.Attr {
	attrs := []slog.Attr{slog.String("file", p.File)}
	if p.Document > 0 {
		attrs = append(attrs, slog.Int("document", p.Document), slog.Int("line", p.Line))
	}
	for _, text := range []slog.Attr{slog.String("slo", p.SLO), slog.String("field", p.Field), slog.String("fix", p.Fix)} {
		if text.Value.String() != "" {
			attrs = append(attrs, text)
		}
	}
	return attrs
}
