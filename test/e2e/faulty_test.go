package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// soundSLO reads the counter of these tests.
const soundSLO = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  objective: 99.9%
  window: 30d
  sli:
    ratio:
      total: http_requests_total{job="shop"}
      bad: http_requests_total{job="shop", code=~"5.."}
`

// neighbourSLO stands in the file of the faulty one.
var neighbourSLO = strings.Replace(soundSLO, "availability", "neighbour", 1)

// faultySLO promises more than can be.
var faultySLO = strings.NewReplacer("availability", "broken", "99.9%", "100%").Replace(soundSLO)

func TestFaultyFileHurtsOnlyItself(t *testing.T) {
	t.Parallel()
	r := start(t, settings{SLOs: soundSLO, Files: map[string]string{"slos-faulty.yaml": faultySLO + "---" + neighbourSLO}})
	sent := newSender(t, r)
	sent.serve(t, 10, 1)
	r.awaitCounts(t, map[string]count{"availability": {10, 1}, "neighbour": {10, 1}})

	faulty, err := r.SLOs(t.Context(), client.Filter{States: []string{"error"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(faulty) != 1 || faulty[0].ID != "checkout:broken" || len(faulty[0].Problems) != 1 {
		t.Fatalf("in state error: %+v", faulty)
	}
	p := faulty[0].Problems[0]
	if filepath.Base(p.File) != "slos-faulty.yaml" || p.Document != 1 || p.Field != "spec.objective" || p.Message == "" || p.Fix == "" {
		t.Errorf("its problem: %+v", p)
	}
	if metrics := look(t, r.URL+"/metrics"); !strings.Contains(metrics, "\nslo_engine_documents_quarantined 1\n") {
		t.Error("/metrics does not show one quarantined document")
	}

	// The file is mended, and nothing that was counted is forgotten.
	r.rewrite(t, "slos-faulty.yaml", strings.Replace(faultySLO, "100%", "99%", 1)+"---"+neighbourSLO)
	if code, answer := ask(t, http.MethodPost, r.URL+"/-/reload", "", ""); code != http.StatusOK {
		t.Fatalf("reload answers %d: %s", code, answer)
	}
	sent.serve(t, 5, 2)
	r.awaitCounts(t, map[string]count{"availability": {15, 3}, "neighbour": {15, 3}, "broken": {5, 2}})
	if metrics := look(t, r.URL+"/metrics"); !strings.Contains(metrics, "\nslo_engine_documents_quarantined 0\n") {
		t.Error("/metrics still shows a quarantined document")
	}
}

// A configuration that cannot be applied is refused whole: its SLOs too.
func TestFaultyConfigurationIsRefused(t *testing.T) {
	t.Parallel()
	r := start(t, settings{SLOs: soundSLO})
	good, err := os.ReadFile(filepath.Join(r.Dir, "slo-engine.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	sent := newSender(t, r)
	for text, reason := range map[string]string{
		"evaluation_intervall: 1s\n":                       `did you mean`,
		string(good) + "lateness: 10 parsecs\n":            `lateness`,
		string(good) + "evaluation_interval: 2s\n":         `evaluation_interval changed: that needs a restart`,
		string(good) + "alerting: {alertmanagers: [{}]}\n": `alerting.alertmanagers[0].url`,
		"listen: [\n": `slo-engine.yaml:1: not valid YAML`,
	} {
		r.rewrite(t, "slo-engine.yaml", text)
		r.rewrite(t, "slos-more.yaml", neighbourSLO)
		code, answer := ask(t, http.MethodPost, r.URL+"/-/reload", "", "")
		if code < 400 || !strings.Contains(answer, reason) {
			t.Errorf("reload of %q answers %d %s, want one that says %q", text, code, answer, reason)
		}
		sent.serve(t, 10, 1)
		r.awaitCounts(t, map[string]count{"availability": sent.count})
	}
	r.rewrite(t, "slo-engine.yaml", string(good))
	if code, answer := ask(t, http.MethodPost, r.URL+"/-/reload", "", ""); code != http.StatusOK {
		t.Fatalf("reload answers %d: %s", code, answer)
	}
	sent.serve(t, 3, 1)
	r.awaitCounts(t, map[string]count{"availability": sent.count, "neighbour": {3, 1}})
}

// The command line, as a person or systemd runs it.
func TestServe(t *testing.T) {
	t.Parallel()
	binary := buildEngine(t)

	t.Run("empty folder", func(t *testing.T) {
		t.Parallel()
		p, url := serveEngine(t, binary, t.TempDir(), nil)
		if got := look(t, url+"/api/v1/slos"); strings.TrimSpace(got) != `{"slos":[]}` {
			t.Errorf("/api/v1/slos is %s", got)
		}
		p.Signal(syscall.SIGTERM)
		if err := p.Wait(); err != nil {
			t.Errorf("SIGTERM ends it with %v:\n%s", err, p.Output())
		}
	})
	t.Run("validate", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		put(t, dir, "good.yaml", soundSLO)
		put(t, dir, "bad.yaml", faultySLO)
		p := lab.Start(t, lab.Cmd{Name: binary, Args: []string{"validate", "good.yaml", "bad.yaml"}, Dir: dir})
		wantExit(t, p, 1, "bad.yaml:", "spec.objective", "write a percentage", "checkout:availability")
	})
	t.Run("faulty file and SIGHUP", func(t *testing.T) {
		t.Parallel()
		serveThroughReloads(t, binary)
	})
	t.Run("same data folder", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		serveEngine(t, binary, dir, nil)
		wantExit(t, lab.Start(t, serveCmd(binary, dir)), 1, "data folder data", "in use by another slo-engine")
	})
	t.Run("taken port", func(t *testing.T) {
		t.Parallel()
		_, url := serveEngine(t, binary, t.TempDir(), nil)
		address := strings.TrimPrefix(url, "http://")
		wantExit(t, lab.Start(t, serveCmd(binary, t.TempDir(), "--listen", address)), 1, address, "address already in use")
	})
	t.Run("port open to all", func(t *testing.T) {
		t.Parallel()
		wantExit(t, lab.Start(t, serveCmd(binary, t.TempDir(), "--listen", "0.0.0.0:0")), 1,
			"listen", "0.0.0.0:0", "allow_unauthenticated", "127.0.0.1")
	})
	t.Run("no such configuration", func(t *testing.T) {
		t.Parallel()
		wantExit(t, lab.Start(t, serveCmd(binary, t.TempDir(), "--config", "nowhere.yaml")), 1, "nowhere.yaml")
	})
}

// serveThroughReloads starts beside a faulty file, and reloads by SIGHUP: a
// mended file is taken, a broken configuration is not.
func serveThroughReloads(t *testing.T, binary string) {
	dir := t.TempDir()
	p, url := serveEngine(t, binary, dir, map[string]string{"slos/good.yaml": soundSLO, "slos/bad.yaml": faultySLO})
	c, err := client.New(url, client.Options{HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Client: c, URL: url, Dir: dir}
	sent := newSender(t, r)
	sent.serve(t, 10, 1)
	r.awaitCounts(t, map[string]count{"availability": {10, 1}})
	if log := p.Output(); !strings.Contains(log, "bad.yaml") || !strings.Contains(log, "spec.objective") {
		t.Errorf("the log does not name the faulty document:\n%s", log)
	}

	put(t, dir, "slo-engine.yaml", "listen: nonsense\n")
	p.Signal(syscall.SIGHUP)
	awaitOutput(t, p, "reload refused, everything stays as it was")
	sent.serve(t, 10, 0)
	r.awaitCounts(t, map[string]count{"availability": {20, 1}})

	put(t, dir, "slo-engine.yaml", freePorts)
	put(t, dir, "slos/bad.yaml", strings.Replace(faultySLO, "100%", "99%", 1))
	p.Signal(syscall.SIGHUP)
	awaitOutput(t, p, "SLOs loaded\" component=slo slos=2")
	sent.serve(t, 1, 2)
	r.awaitCounts(t, map[string]count{"availability": {21, 3}, "broken": {1, 2}})
}

// buildEngine compiles the command.
func buildEngine(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "slo-engine")
	p := lab.Start(t, lab.Cmd{Name: "go", Args: []string{"build", "-o", binary, "github.com/slo-engine/slo-engine/cmd/slo-engine"}})
	if err := p.Wait(); err != nil {
		t.Fatalf("build slo-engine: %v\n%s", err, p.Output())
	}
	return binary
}

const freePorts = "listen: 127.0.0.1:0\notlp: {grpc: 127.0.0.1:0, http: 127.0.0.1:0}\n"

func serveCmd(binary, dir string, more ...string) lab.Cmd {
	return lab.Cmd{Name: binary, Args: append([]string{"serve"}, more...), Dir: dir}
}

var serving = regexp.MustCompile(`msg=serving http=(\S+)`)

// serveEngine runs the command in a folder until it is ready.
func serveEngine(t *testing.T, binary, dir string, files map[string]string) (p *lab.Process, url string) {
	t.Helper()
	put(t, dir, "slo-engine.yaml", freePorts)
	for name, text := range files {
		put(t, dir, name, text)
	}
	p = lab.Start(t, serveCmd(binary, dir))
	awaitOutput(t, p, "msg=serving")
	url = "http://" + serving.FindStringSubmatch(p.Output())[1]
	lab.Eventually(t, patience, func() error { return lab.HTTPReady(url + "/-/ready")(t.Context()) })
	return p, url
}

func awaitOutput(t *testing.T, p *lab.Process, text string) {
	t.Helper()
	lab.Eventually(t, patience, func() error {
		if strings.Contains(p.Output(), text) {
			return nil
		}
		select {
		case <-p.Done():
			t.Fatalf("the process ended without saying %q:\n%s", text, p.Output())
		default:
		}
		return errUnsaid(text)
	})
}

type errUnsaid string

func (e errUnsaid) Error() string { return "the process did not say " + string(e) }

// wantExit wants a process to end with a code, and to have said why.
func wantExit(t *testing.T, p *lab.Process, code int, says ...string) {
	t.Helper()
	err := p.Wait()
	if got := exitCode(err); got != code {
		t.Errorf("exit code %d, want %d:\n%s", got, code, p.Output())
	}
	for _, text := range says {
		if !strings.Contains(p.Output(), text) {
			t.Errorf("the output does not say %q:\n%s", text, p.Output())
		}
	}
}

// rewrite replaces a file of the engine's folder.
func (r *running) rewrite(t *testing.T, name, text string) {
	t.Helper()
	put(t, r.Dir, name, text)
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
