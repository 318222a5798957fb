package webhook_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/test/lab"
)

// documented is the block of docs/webhooks.md in a language.
func documented(t *testing.T, language string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "webhooks.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 1 {
		t.Fatalf("%d blocks in %s, want 1", len(blocks), language)
	}
	return blocks[0][1]
}

// The receiver in the documentation believes the engine, and nobody else.
func TestDocumentedReceiver(t *testing.T) {
	folder := t.TempDir()
	source, program := filepath.Join(folder, "main.go"), filepath.Join(folder, "receiver")
	if err := os.WriteFile(source, []byte(documented(t, "go")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, source).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, file := free.Addr().String(), secretFile(t)
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	p := lab.Start(t, lab.Cmd{Name: program, Args: []string{address, file}})
	s, one := memory(), to("hook", &receiver{Server: &httptest.Server{URL: "http://" + address + "/slo"}})
	one.SecretFile = file
	push(t, s, message("hook", "m1", "k"), message("hook", "m2", "k"))
	_, stop := run(t, options(s, one))
	emptied(t, s, "hook")
	stop()
	if b := backlog(t, s, "hook"); b.Dead != 0 || !strings.Contains(p.Output(), `"id":"m1"`) || !strings.Contains(p.Output(), `"id":"m2"`) {
		t.Errorf("%+v, and the receiver says\n%s", b, p.Output())
	}

	forger := to("forger", &receiver{Server: &httptest.Server{URL: "http://" + address + "/slo"}})
	forger.SecretFile = filepath.Join(folder, "forged")
	if err := os.WriteFile(forger.SecretFile, []byte(base64.StdEncoding.EncodeToString([]byte("a secret of somebody else's"))), 0o600); err != nil {
		t.Fatal(err)
	}
	push(t, s, message("forger", "m3", "k"))
	_, stop = run(t, options(s, forger))
	emptied(t, s, "forger")
	stop()
	dead, err := s.Dead(t.Context(), 10)
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Problem, "401 Unauthorized") || strings.Contains(p.Output(), "m3") {
		t.Errorf("dead %+v, %v; the receiver says\n%s", dead, err, p.Output())
	}
}

// So does the shell script.
func TestDocumentedScript(t *testing.T) {
	script, file, body := documented(t, "sh"), secretFile(t), []byte(`{"id":"m1","text":"it's \"<5>\" 100%"}`)
	believes := func(h http.Header, body []byte) bool {
		cmd := exec.CommandContext(t.Context(), "sh", "-c", script, "verify", file)
		cmd.Stdin = strings.NewReader(string(body))
		cmd.Env = append(os.Environ(), "WEBHOOK_ID="+h.Get(hook.HeaderID), "WEBHOOK_TIMESTAMP="+h.Get(hook.HeaderTimestamp),
			"WEBHOOK_SIGNATURE="+h.Get(hook.HeaderSignature))
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) > 0 {
			t.Errorf("%v: %s", err, out)
		}
		return err == nil
	}
	for name, tt := range map[string]struct {
		at     time.Time
		secret hook.Secret
		body   string
		want   bool
	}{
		"sound":          {time.Now(), secret, string(body), true},
		"another body":   {time.Now(), secret, string(body) + " ", false},
		"another secret": {time.Now(), append(hook.Secret("x"), secret...), string(body), false},
		"old":            {time.Now().Add(-10 * time.Minute), secret, string(body), false},
		"of the future":  {time.Now().Add(10 * time.Minute), secret, string(body), false},
	} {
		t.Run(fmt.Sprint(name), func(t *testing.T) {
			h := http.Header{}
			tt.secret.Sign(h, "m1", body, tt.at)
			if got := believes(h, []byte(tt.body)); got != tt.want {
				t.Errorf("believed: %t", got)
			}
		})
	}
}
