// Command slo-engine keeps error budgets of services from their OpenTelemetry
// and Prometheus metrics and raises burn-rate alerts.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // calendar windows name time zones, also where the system has none

	"github.com/alecthomas/kong"
)

// version is set by the linker in releases.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdout, os.Stderr}))
}

// streams are where a command writes: standard output is data, standard error
// is for people.
type streams struct{ out, err io.Writer }

// cli is the command line.
type cli struct {
	Serve    serveCmd         `cmd:"" help:"Run the service."`
	Demo     demoCmd          `cmd:"" help:"Run engine and a small shop in one process; exit 0 when the loop from failure to alert to recovery closed."`
	Validate validateCmd      `cmd:"" help:"Check SLO files: every problem with file, document, field and fix; for sound SLOs their tiers and detection times."`
	Convert  convertCmd       `cmd:"" help:"Write SLO files in another format: native, OpenSLO, Sloth's or Pyrra's."`
	Rules    rulesCmd         `cmd:"" help:"Write SLO files as Prometheus recording and alerting rules."`
	Test     testCmd          `cmd:"" help:"Play scenarios against SLOs on a clock of their own; exit 1 when one does not end as expected."`
	Status   statusCmd        `cmd:"" help:"Show the budgets of a running engine."`
	Token    tokenCmd         `cmd:"" help:"Make a bearer token for the tokens_file."`
	Actions  actionsCmd       `cmd:"" help:"Show the actions at gateways of a running engine, and answer them."`
	Gate     gateCmd          `cmd:"" help:"Ask a running engine whether a change may ship, given what is left of the error budgets."`
	Version  kong.VersionFlag `help:"Show the version."`
}

// exitUsage says that the command line cannot be understood, as sysexits.h
// has it.
const (
	exitFailed = 1
	exitUsage  = 64
)

// exit is an error that only sets the exit code: its text was written already.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// run executes a command line and returns the exit code.
func run(ctx context.Context, args []string, std streams) (code int) {
	var c cli
	// Kong ends the process for --help and --version; here that is a panic
	// with the code, so that run can be called from tests.
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exit:
			code = int(r)
		default:
			panic(r)
		}
	}()
	parser, err := kong.New(&c,
		kong.Name("slo-engine"),
		kong.Description("Error budgets from live telemetry, and burn alerts that can be trusted."),
		kong.Vars{"version": version},
		kong.Writers(std.out, std.err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(std),
	)
	if err != nil {
		fmt.Fprintln(std.err, "slo-engine:", err)
		return exitFailed
	}
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		withoutVersion(parser)
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(std.err, "slo-engine: %v; see %s --help\n", err, misused(err))
		return exitUsage
	}
	return exitCode(command.Run(), std)
}

// withoutVersion takes the program's --version away from its commands, of which
// some have one of their own: kong would find the program's first.
func withoutVersion(parser *kong.Kong) {
	parser.Model.Flags = slices.DeleteFunc(parser.Model.Flags, func(f *kong.Flag) bool { return f.Name == "version" })
}

// misused names the command whose help is wanted after a usage error.
func misused(err error) string {
	var usage *kong.ParseError
	if errors.As(err, &usage) && usage.Context.Selected() != nil {
		return usage.Context.Selected().FullPath()
	}
	return "slo-engine"
}

func exitCode(err error, std streams) int {
	var silent exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &silent):
		return int(silent)
	}
	fmt.Fprintf(std.err, "slo-engine: %v%s\n", err, advice(err))
	return exitFailed
}
