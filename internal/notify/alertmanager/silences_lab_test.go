package alertmanager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
	"github.com/slo-engine/slo-engine/test/lab"
)

const inhibiting = `
route: {receiver: nobody}
receivers: [{name: nobody}]
inhibit_rules:
  - source_matchers: [alertname="Maintenance"]
    target_matchers: [severity="critical"]
    equal: [service]
`

// A real Alertmanager tells what it mutes, before and after it was told of an
// alert, and while it is away.
func TestARealAlertmanagersSilences(t *testing.T) {
	server := lab.StartAlertmanager(t, inhibiting)
	remote, err := alertmanager.NewRemote(alertmanager.RemoteOptions{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	s, err := alertmanager.NewSilences(alertmanager.SilencesOptions{Remotes: []*alertmanager.Remote{remote}, Every: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	defer func() { cancel(); <-ended }()

	page := map[string]string{"alertname": "ErrorBudgetBurn", "service": "checkout", "severity": "critical", "version": ""}
	wait := func(what string, want bool) (by string) {
		t.Helper()
		deadline := time.After(30 * time.Second)
		for {
			by, muted := s.MutedBy(page)
			if muted == want {
				return by
			}
			select {
			case <-deadline:
				t.Fatalf("%s: muted %v by %q", what, muted, by)
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	wait("nothing is silenced", false)
	id := silence(t, server.URL, `[{"name": "service", "value": "check.*", "isRegex": true, "isEqual": true}]`)
	if by := wait("silenced", true); by != "silence "+id {
		t.Errorf("muted by %q, want silence %s", by, id)
	}
	call(t, http.MethodDelete, server.URL+"/api/v2/silence/"+id, nil)
	wait("the silence is over", false)

	alert := func(labels map[string]string) alertmanager.Outgoing {
		return alertmanager.Outgoing{Labels: labels, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)}
	}
	// The page comes first: an inhibition shows once Alertmanager has the alert.
	send := func(labels map[string]string) {
		t.Helper()
		if err := remote.Send(t.Context(), []alertmanager.Outgoing{alert(labels)}); err != nil {
			t.Fatal(err)
		}
	}
	send(page)
	send(map[string]string{"alertname": "Maintenance", "service": "checkout"})
	by := wait("inhibited", true)
	alerts, err := server.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.Labels["alertname"] == "Maintenance" && by != "alert "+a.Fingerprint {
			t.Errorf("muted by %q, want alert %s", by, a.Fingerprint)
		}
	}
	server.Stop()
	wait("it is away", true)
}

func silence(t *testing.T, url, matchers string) (id string) {
	t.Helper()
	now := time.Now()
	var answer struct{ SilenceID string }
	body := call(t, http.MethodPost, url+"/api/v2/silences", fmt.Appendf(nil,
		`{"matchers": %s, "startsAt": %q, "endsAt": %q, "createdBy": "ann", "comment": "work"}`,
		matchers, now.Format(time.RFC3339Nano), now.Add(time.Hour).Format(time.RFC3339Nano)))
	if err := json.Unmarshal(body, &answer); err != nil || answer.SilenceID == "" {
		t.Fatalf("post silence: %s (%v)", body, err)
	}
	return answer.SilenceID
}

func call(t *testing.T, method, url string, body []byte) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s (%v)", method, url, resp.Status, &answer, err)
	}
	return answer.Bytes()
}
