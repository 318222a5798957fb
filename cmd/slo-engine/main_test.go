package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/internal/config"
)

// In the scripts, slo-engine is this test binary running main.
func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"slo-engine": main}) }

func TestScripts(t *testing.T) {
	examples, err := filepath.Abs(filepath.Join("..", "..", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error { env.Setenv("EXAMPLES", examples); return nil },
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"engine": runEngine, "exits": runExits},
	})
}

// runEngine is the command "engine GLOB": an engine with these SLO files serves
// until the script ends, at $URL.
func runEngine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: engine GLOB")
	}
	a, err := app.New(app.Options{Version: "test", Overrides: []func(*config.Config){func(c *config.Config) {
		c.Listen, c.OTLP.GRPC, c.OTLP.HTTP = "127.0.0.1:0", "", ""
		c.SLOFiles, c.Storage.Path = []string{ts.MkAbs(args[0])}, ts.MkAbs("data")
	}}})
	ts.Check(err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	ts.Defer(func() {
		cancel()
		if err := <-done; err != nil {
			ts.Logf("engine stopped with: %v", err)
		}
	})
	ts.Setenv("URL", "http://"+a.Addr())
	awaitEvaluation(ts, "http://"+a.Addr())
}

// awaitEvaluation asks until the engine can say something of its SLOs, of its
// actions, and of what it keeps for its gates.
func awaitEvaluation(ts *testscript.TestScript, url string) {
	deadline := time.Now().Add(time.Minute)
	answers := func(args ...string) bool {
		return run(context.Background(), append(args, "--url", url), streams{io.Discard, io.Discard}) == 0
	}
	for !answers("status") || !answers("actions", "list") || !answers("gate", "glasses") {
		if time.Now().After(deadline) {
			ts.Fatalf("the engine is not ready within a minute")
		}
		time.Sleep(20 * time.Millisecond) //lint:sleep the pause of a poll with a deadline
	}
}

// runExits is the command "exits CODE COMMAND...": exec, with the code that is
// wanted.
func runExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND...")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
