package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// outsidePipelines makes a test not write into the summary of the job that runs it.
func outsidePipelines(t *testing.T) {
	for _, name := range []string{"GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "SLO_ENGINE_URL", "SLO_ENGINE_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
}

func TestGateCommands(t *testing.T) {
	outsidePipelines(t)
	for _, c := range []struct {
		line string
		code int
		// out and err are parts of what is written there.
		out, err []string
	}{
		{"--service checkout", 0, []string{"allow: checkout may ship\n", "budget left  84% of checkout:availability", "burn         5m -, 1h 0.36, 3d 0.40", "slo-engine gate explain v-checkout-allow"}, nil},
		{"ask --service checkout", 0, []string{"allow: checkout may ship\n"}, nil},
		{"--service search --version 1.5.0 --environment prod", 75, []string{"hold: search 1.5.0 in prod has to wait\n", "3.1 %"}, nil},
		{"--service payments", 1, []string{"deny: payments must not ship\n", "deploy       2.0, ", "payments:availability burns 51.00 since, 0.30 before"}, nil},
		{"--service payments --kind rollback", 0, []string{"allow: payments (rollback) may ship\n", "overruled: "}, nil},
		{"--service payments --slo availability", 1, []string{"deny: payments:availability must not ship\n"}, nil},
		{"--service stock", 2, []string{"unknown: stock may or may not ship, nothing can be said\n"}, nil},
		{"--service stock --on-unknown allow", 0, []string{"nothing can be said; taken as allow\n"}, nil},
		{"--service stock --on-unknown policy", 0, []string{"; taken as allow\n"}, nil},
		{"--service stock --on-unknown deny", 1, []string{"; taken as deny\n"}, nil},
		{"--service stock --on-unknown hold", 75, []string{"; taken as hold\n"}, nil},
		{"--service payments --on-unknown allow", 1, []string{"deny: payments"}, nil},
		{"--service nobody --wait 1h", 2, []string{"unknown: nobody"}, nil},
		{"--service payments -o json", 1, []string{`"decision": "deny"`, `"leading_slo": "payments:availability"`}, nil},
		{"--service checkout --kind rolback", 64, nil, []string{`"rolback"`, "rollback"}},
		{"--service checkout --wait=-1s", 64, nil, []string{"--wait must not be negative"}},
		{"--service checkout --on-unknown maybe", 64, nil, []string{"--on-unknown", "slo-engine gate"}},
		{"", 64, nil, []string{"--service"}},
		{"explain v-payments-deny", 0, []string{"deny: payments must not ship", "budget_remaining: ", "told         7 times"}, nil},
		{"explain v-payments-deny -o json", 0, []string{`"numbers": [`}, nil},
		{"explain nobody", 1, nil, []string{`"nobody"`}},
		{"explain", 64, nil, []string{"slo-engine gate explain --help"}},
		{"verdicts --since 24h", 0, []string{"ID ", "v-payments-deny   deny ", "v-checkout-allow  allow "}, nil},
		{"verdicts --service elsewhere", 0, []string{"ID "}, []string{"no such verdicts"}},
		{"verdicts --service elsewhere -o json", 0, []string{`"verdicts": []`}, nil},
		{"verdicts --decision maybe", 64, nil, []string{"--decision"}},
		{"policies", 0, []string{"production (slos/gate.yaml:1)\n", "the default, for services that no policy selects\n"}, nil},
		{"policies -o json", 0, []string{`"if_unknown": "allow"`}, nil},
		{"break-glass --service payments --reason INC-7:the-fix --for 45m", 0, []string{"every change of payments passes", "broken by local", "slo-engine gate mend g-1 ends it"}, nil},
		{"break-glass --service payments --reason why", 1, nil, []string{"reason"}},
		{"break-glass --service payments", 64, nil, []string{"--reason"}},
		{"mend g-1", 1, nil, []string{`"g-1"`}},
		{"glasses", 0, []string{"ID  SERVICE"}, []string{"no break-glass holds"}},
		{"deployed --service checkout --version 1.5.0 --id run-7 --environment prod", 0, []string{"run-7: checkout 1.5.0 in prod is deployed since "}, nil},
		{"deployed --service checkout", 64, nil, []string{"--version"}},
		{"deployed --service checkout --version 1 --at yesterday", 64, nil, []string{"--at"}},
		{"deploys", 0, []string{"ID  SERVICE"}, []string{"no such deploys"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			g := newGateStub()
			url := g.serve(t)
			for _, service := range []string{"payments", "checkout"} {
				command(t, "gate", "--service", service, "--url", url)
			}
			code, out, err := command(t, append([]string{"gate"}, append(strings.Fields(c.line), "--url", url)...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d: %s%s", code, c.code, out, err)
			}
			says(t, "standard output", out, c.out)
			says(t, "standard error", err, c.err)
			if c.out == nil && out != "" {
				t.Errorf("standard output is %q", out)
			}
			if strings.ContainsAny(out+err, "\x1b\r") {
				t.Errorf("a terminal is sent control characters: %q", out+err)
			}
		})
	}
}

func says(t *testing.T, where, text string, parts []string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s lacks %q:\n%s", where, part, text)
		}
	}
}

// Whoever is not answered is told unknown, on standard output too, and never deny.
func TestGateUnreached(t *testing.T) {
	outsidePipelines(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	answering := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct {
		url, unknown string
		code         int
		reason       string
	}{
		{gone.URL, "unknown", 2, "unreachable"},
		{gone.URL, "policy", 2, "unreachable"}, // nobody says what its policy is
		{gone.URL, "allow", 0, "unreachable"},
		{gone.URL, "deny", 1, "unreachable"},
		{answering(http.StatusServiceUnavailable), "unknown", 2, "unreachable"},
		{answering(http.StatusOK), "unknown", 2, "unreachable"}, // not an engine
		{answering(http.StatusUnauthorized), "allow", 2, "refused"},
		{answering(http.StatusForbidden), "allow", 2, "refused"},
		{answering(http.StatusNotFound), "deny", 2, "refused"},
	} {
		code, out, _ := command(t, "gate", "--service", "checkout", "--version", "2", "--on-unknown", c.unknown, "-o", "json", "--url", c.url)
		var v apitypes.GateVerdict
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if code != c.code || v.Decision != "unknown" || v.Service != "checkout" || v.Version != "2" || v.Reasons[0].Code != c.reason {
			t.Errorf("%+v: exit code %d, %s", c, code, out)
		}
	}
	for _, url := range []string{"127.0.0.1:9490", "http://127.0.0.1:9/%z"} {
		if code, out, err := command(t, "gate", "--service", "checkout", "--url", url); code != 64 || out != "" || !strings.Contains(err, "read engine URL") {
			t.Errorf("%s: exit code %d, %q %q", url, code, out, err)
		}
	}
	// The commands that are no question tell refusals from silence, as actions do.
	for line, url := range map[string]string{"mend x": gone.URL, "policies": answering(http.StatusBadGateway)} {
		if code, _, _ := command(t, append([]string{"gate"}, append(strings.Fields(line), "--url", url)...)...); code != 2 {
			t.Errorf("%s: exit code %d", line, code)
		}
	}
}

func TestGateShown(t *testing.T) {
	outsidePipelines(t)
	url := newGateStub().serve(t)
	_, out, _ := command(t, "gate", "--service", "payments", "-o", "json", "--url", url)
	var v apitypes.GateVerdict
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		t.Fatal(err)
	}
	known := func(f float64) *float64 { return &f }
	v.Canaries = []apitypes.GateCanary{{
		SLO: "payments:availability", By: "version", Decision: "hold", Note: "too few events yet",
		Candidate: apitypes.CanarySide{Version: "2.0", BadEvents: known(1), TotalEvents: known(12)}, Baseline: apitypes.CanarySide{BadEvents: known(3), TotalEvents: known(900)},
	}}
	v.BreakGlass = &apitypes.Glass{ID: "g-1", By: "ann", Environment: "prod", Reason: "the fix", Until: apitypes.Time{Time: apitest.Noon}}
	compareWithFile(t, "gate.txt", gateText(gateAnswer{verdict: v, decision: v.Decision, explanation: "http://x/y"}, apitest.Noon))

	_, out, _ = command(t, "gate", "explain", "v-payments-deny", "-o", "json", "--url", url)
	var e apitypes.GateExplanation
	if err := json.Unmarshal([]byte(out), &e); err != nil {
		t.Fatal(err)
	}
	compareWithFile(t, "gate-explained.txt", explanationText(e, apitest.Noon))

	_, out, _ = command(t, "gate", "policies", "--url", url)
	compareWithFile(t, "gate-policies.txt", out)
}

// A glass is broken, seen by who asks, and mended.
func TestGateGlass(t *testing.T) {
	outsidePipelines(t)
	url := newGateStub().serve(t)
	ask := func(want int, args ...string) string {
		t.Helper()
		code, out, err := command(t, append(append([]string{"gate"}, args...), "--url", url)...)
		if code != want {
			t.Fatalf("%s: exit code %d, want %d: %s%s", args, code, want, out, err)
		}
		return out
	}
	ask(1, "--service", "payments")
	ask(0, "break-glass", "--service", "payments", "--reason", "the fix of incident 7", "--for", "24h")
	says(t, "the list", ask(0, "glasses"), []string{"g-1  payments  all          local", "the fix of incident 7"})
	out := ask(0, "--service", "payments")
	says(t, "the answer", out, []string{"allow: payments may ship", "the fix of incident 7", "overruled: "})
	says(t, "the end", ask(0, "mend", "g-1"), []string{"g-1 is ended by local"})
	ask(1, "--service", "payments")
}

// The same id twice is one deploy; the moment is the one that is said.
func TestGateDeployed(t *testing.T) {
	outsidePipelines(t)
	g := newGateStub()
	url := g.serve(t)
	at := apitest.Noon.Format(time.RFC3339Nano)
	for range 2 {
		code, out, err := command(t, "gate", "deployed", "--service", "checkout", "--version", "1.5.0", "--environment", "prod", "--id", "run-7", "--at", at, "--url", url)
		if code != 0 || !strings.Contains(out, "run-7: checkout 1.5.0 in prod is deployed since 2026-03-01 12:00:00Z") {
			t.Fatalf("exit code %d: %s%s", code, out, err)
		}
	}
	if len(g.deploys) != 1 || !g.deploys[0].At.Equal(apitest.Noon) {
		t.Errorf("%+v", g.deploys)
	}
	_, out, _ := command(t, "gate", "deploys", "--url", url)
	says(t, "the list", out, []string{"run-7  checkout  1.5.0    prod"})
}

// A question that cannot be written down where a pipeline looks for it is no allow.
func TestGateResultFile(t *testing.T) {
	outsidePipelines(t)
	url, file := newGateStub().serve(t), filepath.Join(t.TempDir(), "decision")
	for service, want := range map[string]string{"checkout": "allow", "search": "hold", "payments": "deny", "stock": "unknown"} {
		command(t, "gate", "--service", service, "--result-file", file, "--url", url)
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", service, got, err)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "no", "such", "folder")
	for service, want := range map[string]int{"checkout": 2, "payments": 1} {
		if code, _, err := command(t, "gate", "--service", service, "--result-file", nowhere, "--url", url); code != want || !strings.Contains(err, "write the result") {
			t.Errorf("%s: exit code %d, %s", service, code, err)
		}
	}
}

// pageID is the id of the verdict on the page.
const pageID = "5d0c2e7f41b98a6633e0f1c7"

// Each command of the page is run, what it shows is what is shown, each path there is
// one of the API's, and each file is there.
func TestGatePage(t *testing.T) {
	outsidePipelines(t)
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "gates.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	t.Run("commands", func(t *testing.T) { commandsOf(t, page) })
	t.Run("paths", func(t *testing.T) {
		described := describedPaths(t)
		for _, m := range regexp.MustCompile("`(GET|POST|PUT|DELETE) (/[^`? ]+)").FindAllStringSubmatch(page, -1) {
			if described[m[2]][strings.ToLower(m[1])] == nil {
				t.Errorf("%s %s is on the page, and not described", m[1], m[2])
			}
		}
	})
	t.Run("files", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`\]\(([^)#]+)\)`).FindAllStringSubmatch(page, -1) {
			if _, err := os.Stat(filepath.Join("..", "..", "docs", m[1])); err != nil {
				t.Error(err)
			}
		}
	})
}

func commandsOf(t *testing.T, page string) {
	lines := regexp.MustCompile(`(?m)^slo-engine (gate [^#|\n]*[^#|\n ])`).FindAllStringSubmatch(page, -1)
	if len(lines) < 15 {
		t.Fatalf("there are %d commands", len(lines))
	}
	for _, line := range lines {
		g := newGateStub()
		url := g.serve(t)
		command(t, "gate", "--service", "orders", "--url", url)
		g.told[pageID] = g.told["v-orders-deny"]
		command(t, "gate", "break-glass", "--service", "checkout", "--reason", "so that one is there", "--url", url)
		args := append(words(line[1]), "--url", url)
		if i := slices.Index(args, "decision"); i >= 0 {
			args[i] = filepath.Join(t.TempDir(), "decision")
		}
		if code, _, err := command(t, args...); code != 0 {
			t.Errorf("%s: exit code %d, %s", line[0], code, err)
		}
	}
	for _, block := range regexp.MustCompile("(?s)```console\n\\$ slo-engine (.*?)\n(.*?)```").FindAllStringSubmatch(page, -1) {
		url := newGateStub().serve(t)
		_, out, _ := command(t, append(words(block[1]), "--url", url)...)
		out = regexp.MustCompile(`v-orders-deny\S*`).ReplaceAllString(strings.ReplaceAll(out, url, "http://127.0.0.1:9490"), pageID)
		if out != block[2] {
			t.Errorf("%s shows\n%s", block[1], out)
		}
	}
}

// describedPaths are the paths of the API, and their methods.
func describedPaths(t *testing.T) map[string]map[string]any {
	t.Helper()
	description, err := os.ReadFile(filepath.Join("..", "..", "internal", "api", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var api struct {
		Paths map[string]map[string]any
	}
	if err := yaml.Unmarshal(description, &api); err != nil {
		t.Fatal(err)
	}
	return api.Paths
}

// What lies in deploy/ for clusters can be read, and asks what there is to ask.
func TestDeployAsksTheGate(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "deploy", "*", "*.yaml"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	described := describedPaths(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for d := yaml.NewDecoder(bytes.NewReader(text)); ; {
			var object struct {
				APIVersion string `yaml:"apiVersion"`
				Kind       string
				Metadata   struct{ Name string }
			}
			if err := d.Decode(&object); errors.Is(err, io.EOF) {
				break
			} else if err != nil || object.APIVersion == "" || object.Kind == "" || object.Metadata.Name == "" {
				t.Errorf("%s: %+v, %v", file, object, err)
				break
			}
		}
		for _, m := range regexp.MustCompile(`/api/v1/[a-z/]+`).FindAllString(string(text), -1) {
			path := regexp.MustCompile(`^(/api/v1/gate/admission)/prod$`).ReplaceAllString(m, "$1/{environment}")
			if described[path]["post"] == nil {
				t.Errorf("%s asks %s, and it is not described", file, m)
			}
		}
	}
}
