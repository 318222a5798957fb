package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// healing is an engine with actions on record, at a URL.
func healing(t *testing.T, mode remediation.Mode) (*apitest.Healer, string) {
	t.Helper()
	h := apitest.New(t, mode)
	h.Fill(t)
	return h, engineOf(t, &api.Actions{
		Mode: mode, Gateways: h.Gate, Now: h.Now, Leader: func() string { return "engine-1" },
		Open:      func() (api.ActionRunner, api.ActionRecords, bool) { return h.Runner, h.Store, true },
		Playbooks: func() []*slo.Remediation { return h.Playbooks },
	})
}

func engineOf(t *testing.T, actions *api.Actions) string {
	t.Helper()
	server := httptest.NewServer(api.New(api.Options{
		Snapshot: func() *engine.Snapshot { return &engine.Snapshot{At: apitest.Noon} }, Actions: actions,
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// command runs a command line.
func command(t *testing.T, args ...string) (code int, out, err string) {
	t.Helper()
	var o, e strings.Builder
	code = run(t.Context(), args, streams{&o, &e})
	return code, o.String(), e.String()
}

const waitingID = "20260301t115900-000000-00002"

func TestActionsCommands(t *testing.T) {
	for _, c := range []struct {
		line string
		code int
		// out and err are parts of what is written there.
		out, err []string
	}{
		{"list", 0, []string{"ID  ", apitest.HeldID + "  held ", "contested!", "shift 60% of v2 to v1", "edge checkout"}, []string{"enforce: actions are done; engine-1 leads"}},
		{"list --state rehearsed --service search --gateway kong", 0, []string{"limit suggest to 2.5/s"}, nil},
		{"list --open --limit 1", 0, []string{apitest.HeldID}, nil},
		{"list --since 1s", 0, []string{"ID  STATE"}, []string{"no such actions"}},
		{"list --state fine", 1, nil, []string{`unknown state "fine"`}},
		{"list -o json --limit 1", 0, []string{`"paused_by": ""`, `"id": "` + apitest.HeldID}, nil},
		{"show " + apitest.HeldID, 0, []string{"What takes it back", `{"v1":50,"v2":50}`, "+120ms"}, nil},
		{"show -o json " + apitest.HeldID, 0, []string{`"timeline": [`}, nil},
		{"show nobody", 1, nil, []string{`there is no action "nobody"`}},
		{"approve " + waitingID + " --note yes", 0, []string{waitingID + " is awaiting_approval (approved)"}, nil},
		{"reject " + waitingID, 0, []string{waitingID + " is rejected (rejected)"}, nil},
		{"approve " + apitest.HeldID, 1, nil, []string{"409", "it is held"}},
		{"undo " + apitest.HeldID, 0, []string{"local wants it undone"}, nil},
		{"pause --note x", 0, []string{"paused by local: nothing is written at any gateway"}, nil},
		{"resume", 0, []string{"enforce: actions are done"}, nil},
		{"autonomy checkout", 0, []string{"checkout: auto\n"}, nil},
		{"autonomy checkout advise --note x", 0, []string{"checkout: advise, set by local at 2026-03-01 12:00:00Z"}, nil},
		{"autonomy checkuot", 0, []string{"checkuot: auto"}, []string{`no SLO has the service "checkuot"`}},
		{"autonomy checkout yolo", 1, nil, []string{"auto, approve and advise"}},
		{"drill ask-first --label service=checkout", 0, []string{"ask-first, rehearsed: nothing was written", `{"v1":70,"v2":30}`}, nil},
		{"drill ask-first --label severity=info", 1, []string{"not done: records_only"}, nil},
		{"drill back-to-v1", 1, []string{"not done: target_unknown (slo=", "not done: unsupported (plan close: "}, nil},
		{"drill nobody", 1, nil, []string{`there is no playbook "nobody"`}},
		{"drill ask-first --for-real", 1, nil, []string{"another engine leads"}},
		{"drill ask-first --label nonsense", 64, nil, []string{"slo-engine actions drill --help"}},
		{"show", 64, nil, []string{"slo-engine actions show --help"}},
		{"frobnicate", 64, nil, []string{"frobnicate"}},
		{"list -o yaml", 64, nil, []string{"--output"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			_, url := healing(t, remediation.ModeEnforce)
			code, out, err := command(t, append([]string{"actions"}, append(strings.Fields(c.line), "--url", url)...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, err)
			}
			for _, part := range c.out {
				if !strings.Contains(out, part) {
					t.Errorf("standard output lacks %q:\n%s", part, out)
				}
			}
			for _, part := range c.err {
				if !strings.Contains(err, part) {
					t.Errorf("standard error lacks %q:\n%s", part, err)
				}
			}
			if strings.ContainsAny(out+err, "\x1b\r") {
				t.Errorf("a terminal is sent control characters: %q", out+err)
			}
		})
	}
}

// Who asks a script must tell what the engine refused from an engine that is
// not there.
func TestActionsUnreached(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer proxy.Close()
	closed := engineOf(t, &api.Actions{
		Open:      func() (api.ActionRunner, api.ActionRecords, bool) { return nil, nil, false },
		Playbooks: func() []*slo.Remediation { return h.Playbooks },
	})
	for url, want := range map[string]struct {
		code int
		text string
	}{
		gone.URL:                {2, "start it with slo-engine serve"},
		proxy.URL:               {2, "502"},
		closed:                  {2, "the state of actions is not open"},
		engineOf(t, nil):        {1, "remediation is off"},
		"127.0.0.1:9490":        {64, "want one such as http://127.0.0.1:9490"},
		"http://127.0.0.1:9/%z": {64, "read engine URL"},
	} {
		for _, line := range []string{"pause", "undo x", "drill x", "autonomy x auto"} {
			code, out, err := command(t, append([]string{"actions"}, append(strings.Fields(line), "--url", url)...)...)
			if code != want.code || !strings.Contains(err, want.text) || out != "" {
				t.Errorf("%s at %s: exit code %d, %q %q", line, url, code, out, err)
			}
		}
	}
}

func TestActionShown(t *testing.T) {
	_, url := healing(t, remediation.ModeEnforce)
	_, out, _ := command(t, "actions", "show", "-o", "json", apitest.HeldID, "--url", url)
	var d apitypes.ActionDetail
	if err := json.Unmarshal([]byte(out), &d); err != nil {
		t.Fatal(err)
	}
	compareWithFile(t, "action.txt", actionText(d, apitest.Noon))
}

func TestDrillShown(t *testing.T) {
	h, url := healing(t, remediation.ModeEnforce)
	h.Playbooks[1].Guards.RequireHealthy = nil
	_, out, _ := command(t, "actions", "drill", "back-to-v1", "--url", url)
	compareWithFile(t, "drill.txt", out)
}

// A drill for real, at a gateway that takes it.
func TestDrillForReal(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	h.Step(t, time.Second)
	h.Go()
	url := engineOf(t, &api.Actions{
		Mode: remediation.ModeEnforce, Now: h.Now,
		Open:      func() (api.ActionRunner, api.ActionRecords, bool) { return h.Runner, h.Store, true },
		Playbooks: func() []*slo.Remediation { return h.Playbooks },
	})
	code, out, err := command(t, "actions", "drill", "ask-first", "--for-real", "--label", "service=checkout", "--label", "a=b;c=d", "--url", url)
	if code != 0 || h.Gate.Writes() != 2 {
		t.Fatalf("exit code %d after %d writes: %s %s", code, h.Gate.Writes(), out, err)
	}
	for _, part := range []string{"for real: each action was live, and is taken back", "live-1 is undone: what was there before is there again", "What was sent", "time to heal", "undo_written"} {
		if !strings.Contains(out, part) {
			t.Errorf("it does not say %q:\n%s", part, out)
		}
	}
}

func compareWithFile(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("go test -update if it should be so:\n%s\nwant\n%s", got, want)
	}
}

// Each command of the page is run, and each path there is one of the API's.
func TestActionsPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "remediation.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Ask and answer\n")
	section, _, _ = strings.Cut(section, "\n## ")
	lines := regexp.MustCompile(`(?m)^slo-engine (actions .*)$`).FindAllStringSubmatch(section, -1)
	if len(lines) < 9 {
		t.Fatalf("there are %d commands", len(lines))
	}
	for _, line := range lines {
		_, url := healing(t, remediation.ModeEnforce)
		if code, _, err := command(t, append(words(line[1]), "--url", url)...); code != 0 {
			t.Errorf("%s: exit code %d, %s", line[0], code, err)
		}
	}
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
	for _, m := range regexp.MustCompile("`(GET|POST|PUT) (/[^` ]+)`").FindAllStringSubmatch(section, -1) {
		if api.Paths[m[2]][strings.ToLower(m[1])] == nil {
			t.Errorf("%s %s is on the page, and not described", m[1], m[2])
		}
	}
}

// words splits a command line as a shell does, as far as the page needs it.
func words(line string) (words []string) {
	for _, m := range regexp.MustCompile(`"([^"]*)"|(\S+)`).FindAllStringSubmatch(line, -1) {
		words = append(words, m[1]+m[2])
	}
	return words
}
