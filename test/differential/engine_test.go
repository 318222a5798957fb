package differential

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/internal/app"
	"github.com/slo-engine/slo-engine/test/lab"
)

// patience is how long a test waits for what takes a second or two on an
// idle machine.
const patience = 2 * time.Minute

// engine is a running slo-engine.
type engine struct {
	*client.Client
	URL string
}

// startEngine runs an engine with some SLOs until the test ends. config is
// added to slo-engine.yaml.
func startEngine(t *testing.T, slos, config string) *engine {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"slos.yaml":       slos,
		"slo-engine.yaml": "listen: 127.0.0.1:0\notlp: {grpc: 'off', http: 'off'}\nslo_files: [slos.yaml]\n" + config,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := &output{}
	a, err := app.New(app.Options{ConfigFile: filepath.Join(dir, "slo-engine.yaml"), Log: log, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	runUntilEnd(t, a, log)
	c, err := client.New("http://"+a.Addr(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &engine{Client: c, URL: "http://" + a.Addr()}
}

func runUntilEnd(t *testing.T, a *app.App, log *output) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the engine stopped with: %v", err)
		}
		if t.Failed() {
			t.Logf("the engine's log:\n%s", log)
		}
	})
	select {
	case <-a.Serving():
	case err := <-done:
		done <- err
		t.Fatalf("the engine did not start: %v", err)
	case <-time.After(patience):
		t.Fatal("the engine did not start in time")
	}
}

// settled returns all SLO instances as a tick that began after the call saw
// them: whatever was acknowledged before is in. On a busy machine the first
// sample sets may still be waited for: then windows have no length yet.
func (e *engine) settled(t *testing.T) (all []apitypes.Detail) {
	t.Helper()
	asked := time.Now()
	lab.Eventually(t, patience, func() error {
		slos, err := e.SLOs(t.Context(), client.Filter{})
		if err != nil {
			return err
		}
		all = nil
		for _, s := range slos {
			detail, err := e.SLO(t.Context(), s.ID)
			if err != nil {
				return err
			}
			if detail.UpdatedAt.Before(asked) {
				return fmt.Errorf("%s is as of %s, and it is %s", s.ID, detail.UpdatedAt, asked)
			}
			if slices.ContainsFunc(detail.Windows, func(r apitypes.Reading) bool { return length(r) <= 0 }) {
				return fmt.Errorf("%s has not judged anything yet", s.ID)
			}
			all = append(all, detail)
		}
		return nil
	})
	return all
}

// output is a buffer that many goroutines write to.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
