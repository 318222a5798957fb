package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// root is the repository, from this folder.
var root = filepath.Join("..", "..")

// block is one fenced block of the README.
type block struct{ kind, text string }

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func readme(t *testing.T) (blocks []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// The README's commands are run as they stand there, against an engine that
// is configured as it says and serves the examples; what it shows of their
// output must be in it.
func TestReadme(t *testing.T) {
	t.Parallel()
	blocks := readme(t)
	binary := buildEngine(t)
	engine := serveReadme(t, binary, blocks)
	sent := newSender(t, engine)
	tellExamples(t, engine, sent)

	run := strings.NewReplacer("http://127.0.0.1:9490", engine.URL, "bin/slo-engine", binary)
	ran := 0
	for i, b := range blocks {
		if b.kind != "sh" || !strings.Contains(b.text, "127.0.0.1:9490") {
			continue
		}
		ran++
		output := shell(t, run.Replace(b.text))
		if i+1 < len(blocks) {
			checkShown(t, b.text, output, blocks[i+1])
		}
	}
	if ran < 6 {
		t.Errorf("only %d blocks of the README could be run", ran)
	}
}

// serveReadme runs the engine by the README's own configuration, but for the
// ports and the Alertmanager.
func serveReadme(t *testing.T, binary string, blocks []block) *running {
	t.Helper()
	config := yamlOf(t, blocks, "# slo-engine.yaml")
	for port, free := range map[string]string{
		"127.0.0.1:9490": "127.0.0.1:0", "127.0.0.1:4317": "127.0.0.1:0", "127.0.0.1:4318": "127.0.0.1:0",
		"[{url: http://127.0.0.1:9093}]": "[]",
	} {
		if !strings.Contains(config, port) {
			t.Fatalf("the README's configuration has no %s:\n%s", port, config)
		}
		config = strings.ReplaceAll(config, port, free)
	}
	dir := t.TempDir()
	put(t, dir, "slo-engine.yaml", config)
	for _, name := range examples(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, filepath.Join("examples", filepath.Base(name)), string(text))
	}
	p := lab.Start(t, serveCmd(binary, dir))
	awaitOutput(t, p, "msg=serving")
	address := "http://" + serving.FindStringSubmatch(p.Output())[1]
	lab.Eventually(t, patience, func() error { return lab.HTTPReady(address + "/-/ready")(t.Context()) })
	c, err := client.New(address, client.Options{HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	return &running{Client: c, URL: address, Dir: dir}
}

// yamlOf is the yaml block with a first line.
func yamlOf(t *testing.T, blocks []block, first string) string {
	t.Helper()
	for _, b := range blocks {
		if b.kind == "yaml" && strings.HasPrefix(b.text, first) {
			return b.text
		}
	}
	t.Fatalf("the README has no yaml block that begins with %s", first)
	return ""
}

// tellExamples sends what the examples select, twice, so that each one counts.
func tellExamples(t *testing.T, r *running, s *sender) {
	t.Helper()
	job := func(name, job string, more ...string) []string {
		return append([]string{"__name__", name, "job", job}, more...)
	}
	for n := range 2 {
		f := float64(n)
		code, answer := s.to.write(t,
			counterSample{[]string{"__name__", "http_requests_total", "code", "200", "job", "checkout"}, 900 * f},
			counterSample{[]string{"__name__", "http_requests_total", "code", "500", "job", "checkout"}, 1 * f},
			counterSample{[]string{"__name__", "http_request_duration_seconds_bucket", "job", "checkout", "le", "0.3"}, 890 * f},
			counterSample{[]string{"__name__", "http_request_duration_seconds_bucket", "job", "checkout", "le", "+Inf"}, 901 * f},
			counterSample{job("http_request_duration_seconds_count", "checkout"), 901 * f},
			counterSample{[]string{"__name__", "queue_length", "queue", "orders"}, 12},
			counterSample{[]string{"__name__", "http_server_request_duration_seconds_count", "http_response_status_code", "200", "http_route", "/pay", "job", "gateway"}, 500 * f},
		)
		if code != 204 {
			t.Fatalf("remote write answers %d: %s", code, answer)
		}
	}
	lab.Eventually(t, patience, func() error {
		got, err := counts(t.Context(), r.Client)
		if err != nil {
			return err
		}
		if got["queue"].Good != 1 && got["queue"].Good != 2 { // slices of time
			return fmt.Errorf("the queue counts %v", got["queue"])
		}
		want := map[string]count{"availability": {900, 1}, "latency": {890, 11}, "routes /pay": {500, 0}}
		for name, c := range want {
			if got[name] != c {
				return fmt.Errorf("example %s counts %v, want %v", name, got[name], c)
			}
		}
		return nil
	})
}

func shell(t *testing.T, text string) string {
	t.Helper()
	p := lab.Start(t, lab.Cmd{Name: "bash", Args: []string{"-euo", "pipefail", "-c", text}, Dir: root})
	if err := p.Wait(); err != nil {
		t.Errorf("%s\nfails with %v:\n%s", text, err, p.Output())
	}
	return p.Output()
}

// checkShown wants what the README shows after a command to be in its output:
// of JSON the fields, of text each line.
func checkShown(t *testing.T, command, output string, shown block) {
	t.Helper()
	switch shown.kind {
	case "text":
		for line := range strings.Lines(shown.text) {
			if !strings.Contains(output, strings.TrimSpace(line)) {
				t.Errorf("%s\nprints no %s:\n%s", command, line, output)
			}
		}
	case "json":
		var want, got any
		if err := json.Unmarshal([]byte(shown.text), &want); err != nil {
			t.Errorf("what the README shows after %s is no JSON: %v", command, err)
		}
		if err := json.Unmarshal([]byte(output), &got); err != nil {
			t.Errorf("%s prints no JSON: %v\n%s", command, err, output)
		}
		for _, path := range missing("", want, got) {
			t.Errorf("%s prints nothing as %s:\n%s", command, path, output)
		}
	}
}

// missing lists the fields of want that got has not. Of lists the first
// element of want is looked for in any of got.
func missing(path string, want, got any) (paths []string) {
	switch want := want.(type) {
	case map[string]any:
		fields, _ := got.(map[string]any)
		for name, v := range want {
			if _, ok := fields[name]; !ok {
				paths = append(paths, path+"."+name)
				continue
			}
			paths = append(paths, missing(path+"."+name, v, fields[name])...)
		}
	case []any:
		list, _ := got.([]any)
		if len(want) > 0 && !slices.ContainsFunc(list, func(v any) bool { return len(missing("", want[0], v)) == 0 }) {
			paths = append(paths, path+"[]")
		}
	}
	return paths
}

func examples(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "examples", "*.yaml"))
	if err != nil || len(files) < 4 {
		t.Fatalf("examples: %q, %v", files, err)
	}
	return files
}

// The examples pass the strictest check, and so does the README's own SLO.
func TestExamplesAreSound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "readme.yaml", yamlOf(t, readme(t), "apiVersion: slo-engine.dev/v1"))
	binary := buildEngine(t)
	wantExit(t, lab.Start(t, lab.Cmd{Name: binary, Args: append([]string{"validate", "--strict"}, examples(t)...)}), 0, "11 sound SLOs, 0 problems")
	wantExit(t, lab.Start(t, lab.Cmd{Name: binary, Args: []string{"validate", "--strict", filepath.Join(dir, "readme.yaml")}}), 0, "1 sound SLO, 0 problems")
}

// Prometheus takes the README's remote_write section as it stands.
func TestReadmePrometheusSection(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "prometheus.yml", yamlOf(t, readme(t), "remote_write:"))
	lab.Run(t, "promtool", "check", "config", filepath.Join(dir, "prometheus.yml"))
}

// Links of the README that point into the repository lead somewhere.
func TestReadmeLinks(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	links := regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1)
	for _, m := range links {
		if u, err := url.Parse(m[1]); err != nil || u.IsAbs() {
			continue
		}
		if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
			t.Errorf("link %s: %v", m[1], err)
		}
	}
	if len(links) == 0 {
		t.Error("the README has no links")
	}
}
