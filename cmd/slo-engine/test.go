package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/scenario"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

type testCmd struct {
	Only    *regexp.Regexp `name:"run" placeholder:"REGEXP" help:"Play only the files whose path matches."`
	Verbose bool           `short:"v" help:"Show when alerts fired and resolved, of passing scenarios too."`
	Output  string         `short:"o" enum:"text,json" default:"text" help:"text or json."`
	Files   []string       `arg:"" name:"files" help:"Scenario files (*.slotest); patterns are expanded."`
}

// exitFaulty says that a scenario cannot be understood, so that nothing is
// known of what it tests.
const exitFaulty = 2

// outcome is what became of one file.
type outcome struct {
	file     string
	scenario *scenario.Scenario
	result   *scenario.Result
	problems error
	took     time.Duration
}

// Run plays scenarios. It exits 1 when an expectation did not hold, 2 when a
// file cannot be understood; the others are played all the same.
func (c *testCmd) Run(ctx context.Context, std streams) error {
	files, err := c.files()
	if err != nil {
		return err
	}
	var outcomes []outcome
	code := 0
	for _, file := range files {
		o, err := play(ctx, file)
		if err != nil {
			return err
		}
		outcomes = append(outcomes, o)
		code = max(code, o.code())
		c.tell(std.err, o)
		if c.Output == "text" {
			fmt.Fprintln(std.out, o)
		}
	}
	if c.Output == "json" {
		if err := writeOutcomes(std.out, outcomes); err != nil {
			return err
		}
	}
	fmt.Fprintln(std.err, summary(outcomes))
	if code != 0 {
		return exit(code)
	}
	return nil
}

// files expands the patterns; a name that is no file is kept, to be
// complained of.
func (c *testCmd) files() ([]string, error) {
	var files []string
	for _, pattern := range c.Files {
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			matches = []string{pattern}
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	files = slices.Compact(files)
	if c.Only == nil {
		return files, nil
	}
	files = slices.DeleteFunc(files, func(f string) bool { return !c.Only.MatchString(f) })
	if len(files) == 0 {
		return nil, fmt.Errorf("no scenario matches --run %s", c.Only)
	}
	return files, nil
}

func play(ctx context.Context, file string) (outcome, error) {
	begun := time.Now()
	s, err := scenario.Load(file)
	if err != nil {
		return outcome{file: file, problems: err}, nil
	}
	result, err := s.Play(ctx)
	if err != nil {
		return outcome{}, fmt.Errorf("play %s: %w", file, err)
	}
	return outcome{file: file, scenario: s, result: result, took: time.Since(begun)}, nil
}

func (o outcome) code() int {
	switch {
	case o.problems != nil:
		return exitFaulty
	case !o.result.Passed():
		return exitFailed
	}
	return 0
}

// String is the line of a scenario.
func (o outcome) String() string {
	if o.problems != nil {
		return "fault " + o.file
	}
	verdict := "ok    "
	if !o.result.Passed() {
		verdict = "FAIL  "
	}
	return fmt.Sprintf("%s%s  %d of %s, %s in %.2fs", verdict, o.file, o.scenario.Expectations()-len(o.result.Failures),
		counted(o.scenario.Expectations(), "expectation"), slo.FormatDuration(o.scenario.Length()), o.took.Seconds())
}

// tell explains to people what went wrong, and with -v what happened.
func (c *testCmd) tell(w io.Writer, o outcome) {
	if o.problems != nil {
		fmt.Fprintln(w, o.problems)
		return
	}
	for _, f := range o.result.Failures {
		fmt.Fprintln(w, f)
	}
	if c.Verbose {
		for _, m := range o.result.Moves {
			fmt.Fprintf(w, "%s: %s\n", o.file, m)
		}
	}
	for _, r := range o.result.Refused {
		if c.Verbose || !o.result.Passed() {
			fmt.Fprintf(w, "%s: %s not counted: %s, such as of %s\n", o.file, counted(r.Points, "sample"), r.Reason, r.Example)
		}
	}
}

func summary(outcomes []outcome) string {
	var failed, faulty int
	for _, o := range outcomes {
		switch o.code() {
		case exitFailed:
			failed++
		case exitFaulty:
			faulty++
		}
	}
	text := fmt.Sprintf("%s passed, %d failed", counted(len(outcomes)-failed-faulty, "scenario"), failed)
	if faulty > 0 {
		text += fmt.Sprintf(", %d cannot be understood", faulty)
	}
	return text
}
