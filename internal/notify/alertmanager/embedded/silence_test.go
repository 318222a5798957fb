package embedded

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func silenceBody(until time.Time) string {
	return fmt.Sprintf(`{"matchers": [{"name": "slo", "value": "availability", "isRegex": false, "isEqual": true}],
		"startsAt": %q, "endsAt": %q, "createdBy": "test", "comment": "planned work"}`,
		time.Now().Format(time.RFC3339Nano), until.Format(time.RFC3339Nano))
}

// setSilence silences the SLO for an hour and returns the silence's id.
func setSilence(t *testing.T, a *Alertmanager) string {
	t.Helper()
	status, body := call(t, a, "POST", "/alertmanager/api/v2/silences", silenceBody(time.Now().Add(time.Hour)))
	var answer struct{ SilenceID string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || answer.SilenceID == "" {
		t.Fatalf("POST silences: %d %s (%v)", status, body, err)
	}
	return answer.SilenceID
}

// Whoever is held back by a silence is told which.
func TestMutedByASilence(t *testing.T) {
	a := started(t, Options{})
	id := setSilence(t, a)
	if by, muted := a.MutedBy(burn("critical").Labels); !muted || by != "silence "+id {
		t.Errorf("muted %v by %q, want silence %s", muted, by, id)
	}
	if by, muted := a.MutedBy(map[string]string{"slo": "another"}); muted || by != "" {
		t.Errorf("another SLO is muted by %q", by)
	}
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if by, muted := a.MutedBy(burn("critical").Labels); muted {
		t.Errorf("muted by %q after the end", by)
	}
}

func wantSilenced(t *testing.T, a *Alertmanager, want bool) {
	t.Helper()
	if got, _ := a.Mutes(burn("critical").Labels); got != want {
		t.Errorf("silenced %t, want %t", got, want)
	}
}

// A silence holds the page back, and lets it through once it is deleted.
func TestSilence(t *testing.T) {
	p := newPager(t)
	a := started(t, Options{ConfigFile: writeConfig(t, "", configFor(p.URL))})
	id := setSilence(t, a)
	wantSilenced(t, a, true)
	info := burn("info")
	info.Labels["slo"] = "another"
	send(t, a, burn("critical"))
	send(t, a, info)
	p.awaitTold(t, "firing info")
	if status, body := call(t, a, "DELETE", "/alertmanager/api/v2/silence/"+id, ""); status != 200 {
		t.Fatalf("DELETE: %d %s", status, body)
	}
	await(t, func() error {
		if got, _ := a.Mutes(burn("critical").Labels); got {
			return fmt.Errorf("still silenced")
		}
		return nil
	})
	send(t, a, burn("critical"))
	p.awaitTold(t, "firing info", "firing critical")
}

// Once answered, a silence is there for a new instance on the same folder,
// whether the old one was stopped or just ceased to be.
func TestSilencesSurvive(t *testing.T) {
	for name, stop := range map[string]bool{"stop": true, "crash": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			first := started(t, Options{DataDir: dir})
			id := setSilence(t, first)
			if stop {
				if err := first.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			second := started(t, Options{DataDir: dir})
			wantSilenced(t, second, true)
			if status, body := call(t, second, "DELETE", "/alertmanager/api/v2/silence/"+id, ""); status != 200 {
				t.Fatalf("DELETE: %d %s", status, body)
			}
			third := started(t, Options{DataDir: dir})
			await(t, func() error {
				if got, _ := third.Mutes(burn("critical").Labels); got {
					return fmt.Errorf("the deleted silence is back")
				}
				return nil
			})
		})
	}
}

// A silence that cannot be saved is not answered as if it were.
func TestSilenceThatCannotBeSaved(t *testing.T) {
	dir := t.TempDir()
	a := started(t, Options{DataDir: dir})
	obstacle := filepath.Join(dir, "silences.tmp")
	if err := os.Mkdir(obstacle, 0o700); err != nil {
		t.Fatal(err)
	}
	status, body := call(t, a, "POST", "/alertmanager/api/v2/silences", silenceBody(time.Now().Add(time.Hour)))
	if status != http.StatusInternalServerError || !strings.Contains(body, "would not survive a restart") {
		t.Errorf("answer %d %s", status, body)
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
}

func TestBadSilenceIsRefused(t *testing.T) {
	dir := t.TempDir()
	a := started(t, Options{DataDir: dir})
	status, body := call(t, a, "POST", "/alertmanager/api/v2/silences", silenceBody(time.Now().Add(-time.Hour)))
	if status != http.StatusBadRequest {
		t.Errorf("answer %d %s", status, body)
	}
	if _, err := os.Stat(filepath.Join(dir, "silences")); err == nil {
		t.Error("a refused silence made a snapshot")
	}
}

// Damaged files are kept aside and do not keep the engine from alerting.
func TestDamagedState(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"silences", "nflog"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("\x7fnot a snapshot"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := started(t, Options{DataDir: dir})
	setSilence(t, a)
	wantSilenced(t, a, true)
	for _, name := range []string{"silences.damaged", "nflog.damaged"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
}
