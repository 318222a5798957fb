package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/internal/app"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// running is an engine that serves on free ports.
type running struct {
	*client.Client
	App *app.App
	URL string
	// Dir holds slo-engine.yaml, slos.yaml and the data folder.
	Dir string
}

// settings are what a test configures beyond free ports.
type settings struct {
	// SLOs is the text of slos.yaml.
	SLOs string
	// Config is added to slo-engine.yaml.
	Config string
	// Files are further files of the folder.
	Files map[string]string
}

// start runs an engine until the test ends. Its log is shown if the test
// failed.
func start(t *testing.T, s settings) *running {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("slos.yaml", s.SLOs)
	write("slo-engine.yaml", "listen: 127.0.0.1:0\notlp: {grpc: 127.0.0.1:0, http: 127.0.0.1:0}\nslo_files: ['slos*.yaml']\n"+s.Config)
	for name, text := range s.Files {
		write(name, text)
	}
	log := &output{}
	a, err := app.New(app.Options{ConfigFile: filepath.Join(dir, "slo-engine.yaml"), Log: log, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("engine stopped with: %v", err)
		}
		if t.Failed() {
			t.Logf("engine log:\n%s", log)
		}
	})
	select {
	case <-a.Serving():
	case err := <-done:
		done <- err
		t.Fatalf("engine did not start: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("engine did not start within a minute")
	}
	c, err := client.New("http://"+a.Addr(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &running{Client: c, App: a, URL: "http://" + a.Addr(), Dir: dir}
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
