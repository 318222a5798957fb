package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/formats"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// readFlags say how documents are read.
type readFlags struct {
	DefaultSLOPeriod duration `name:"default-slo-period" default:"30d" help:"Window of Sloth's SLOs, which cannot say it themselves."`
}

func (f readFlags) options(strict bool) formats.Options {
	return formats.Options{Strict: strict, SlothPeriod: time.Duration(f.DefaultSLOPeriod)}
}

// duration is a flag in Prometheus's syntax.
type duration time.Duration

// UnmarshalText reads 30d.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := slo.ParseDuration(string(text))
	if err == nil && (parsed < slo.MinRolling || parsed > slo.MaxRolling) {
		err = fmt.Errorf("%s is not between %s and %s", text, slo.FormatDuration(slo.MinRolling), slo.FormatDuration(slo.MaxRolling))
	}
	*d = duration(parsed)
	return err
}

// documents are the SLOs of files as they were written, whether the engine can
// count them or not.
func documents(patterns []string, o formats.Options) ([]*slo.Spec, []slo.Problem, error) {
	specs, problems, err := config.LoadSpecs(patterns, slo.Loader{Formats: formats.All(o), Strict: o.Strict})
	return specs, missing(problems), err
}

// answer writes what was made of documents to standard output and all problems
// to standard error, and fails when something is missing for one of them.
func answer(std streams, text []byte, problems ...[]slo.Problem) error {
	if _, err := std.out.Write(text); err != nil {
		return err
	}
	failed := false
	for _, p := range slices.Concat(problems...) {
		fmt.Fprintln(std.err, p)
		failed = failed || p.Severity.Quarantines()
	}
	if failed {
		return exit(exitFailed)
	}
	return nil
}

// missing makes errors of files that are named and not there: a pipeline must
// not pass by a misspelt name, though serving may wait for files to come.
func missing(problems []slo.Problem) []slo.Problem {
	for i := range problems {
		if p := &problems[i]; p.Document == 0 && p.Severity == slo.Warning {
			p.Severity, p.Message, p.Fix = slo.Error, "no such file", "correct the name"
		}
	}
	return problems
}
