package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/notify/alertmanager"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// The page arrives, resends do not repeat it, the end is told.
func TestPageIsToldOnce(t *testing.T) {
	p := newPager(t)
	a := started(t, Options{ConfigFile: writeConfig(t, "", configFor(p.URL))})
	send(t, a, burn("critical"))
	p.awaitTold(t, "firing critical")
	// Five resends over as many flushes of its group.
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 5 {
		send(t, a, burn("critical"))
		<-tick.C
	}
	send(t, a, ended(burn("critical")))
	p.awaitTold(t, "firing critical", "resolved critical")
}

// While the critical alert fires its warning is held; the API says why; when
// the critical one ends, the warning is told.
func TestCriticalInhibitsItsWarning(t *testing.T) {
	p := newPager(t)
	a := started(t, Options{ConfigFile: writeConfig(t, "", configFor(p.URL))})
	send(t, a, burn("warning"), burn("critical"))
	p.awaitTold(t, "firing critical")

	state := alertStates(t, a)
	if got := state["warning"]; got != "suppressed, 1 inhibiting" {
		t.Errorf("the API shows the warning as %q", got)
	}
	if got := state["critical"]; got != "active, 0 inhibiting" {
		t.Errorf("the API shows the critical alert as %q", got)
	}
	if silenced, inhibited := a.Mutes(burn("warning").Labels); silenced || !inhibited {
		t.Errorf("Mutes(warning) = %t, %t, want inhibited only", silenced, inhibited)
	}
	critical := labelSet(burn("critical").Labels).Fingerprint().String()
	if by, muted := a.MutedBy(burn("warning").Labels); !muted || by != "alert "+critical {
		t.Errorf("the warning is muted %t by %q, want alert %s", muted, by, critical)
	}
	if by, muted := a.MutedBy(burn("critical").Labels); muted {
		t.Errorf("the critical alert is muted by %q", by)
	}
	if silenced, inhibited := a.Mutes(burn("critical").Labels); silenced || inhibited {
		t.Errorf("Mutes(critical) = %t, %t, want neither", silenced, inhibited)
	}

	send(t, a, burn("warning"), ended(burn("critical")))
	await(t, func() error {
		got := p.told()
		// The two belong to different groups, so either may come first.
		if got == "firing critical\nresolved critical\nfiring warning" || got == "firing critical\nfiring warning\nresolved critical" {
			return nil
		}
		return fmt.Errorf("pager was told\n%s", got)
	})
}

func alertStates(t *testing.T, a *Alertmanager) map[string]string {
	t.Helper()
	status, body := call(t, a, "GET", "/alertmanager/api/v2/alerts", "")
	if status != 200 {
		t.Fatalf("GET alerts: %d %s", status, body)
	}
	var list []struct {
		Labels map[string]string
		Status struct {
			State       string
			InhibitedBy []string
		}
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, x := range list {
		states[x.Labels["severity"]] = fmt.Sprintf("%s, %d inhibiting", x.Status.State, len(x.Status.InhibitedBy))
	}
	return states
}

// The rules without a configuration file of one's own.
func TestDefaultConfig(t *testing.T) {
	a := started(t, Options{})
	send(t, a, burn("critical"))
	stranger := map[string]string{"alertname": "DiskFull", "severity": "warning"}
	await(t, func() error {
		if _, inhibited := a.Mutes(burn("warning").Labels); !inhibited {
			return errors.New("the warning is not inhibited")
		}
		return nil
	})
	other := burn("warning").Labels
	other["slo_id"] = "checkout:latency"
	send(t, a, alertmanager.Outgoing{
		Labels: map[string]string{"alertname": "Other", "severity": "critical"}, StartsAt: epoch, EndsAt: time.Now().Add(time.Minute),
	}, burn("critical"))
	for _, labels := range []map[string]string{other, stranger} {
		if _, inhibited := a.Mutes(labels); inhibited {
			t.Errorf("%v is inhibited by another's alert", labels)
		}
	}
	if status, body := call(t, a, "GET", "/alertmanager/api/v2/alerts/groups", ""); status != 200 {
		t.Errorf("GET groups: %d %s", status, body)
	}
}

// Across a restart the notification log keeps the page from being repeated and
// the end from being forgotten.
func TestRestartDoesNotPageAgain(t *testing.T) {
	p := newPager(t)
	opts := Options{ConfigFile: writeConfig(t, "", configFor(p.URL)), DataDir: t.TempDir()}
	first := started(t, opts)
	send(t, first, burn("critical"))
	p.awaitTold(t, "firing critical")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := started(t, opts)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 3 {
		send(t, second, burn("critical"))
		<-tick.C
	}
	send(t, second, ended(burn("critical")))
	p.awaitTold(t, "firing critical", "resolved critical")
}

// Stop lets a notification under way arrive and writes it down, or the next
// instance would page a second time.
func TestStopWaitsForANotificationUnderWay(t *testing.T) {
	var hits atomic.Int32
	arrived, release := make(chan struct{}, 9), make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		arrived <- struct{}{}
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer slow.Close()
	opts := Options{ConfigFile: writeConfig(t, "", configFor(slow.URL)), DataDir: t.TempDir()}
	first := started(t, opts)
	send(t, first, burn("critical"))
	<-arrived

	stopped := make(chan error)
	go func() { stopped <- first.Stop(context.Background()) }()
	await(t, func() error {
		if first.running.Load() {
			return errors.New("still running")
		}
		return nil
	})
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}

	second := started(t, opts)
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 3 {
		send(t, second, burn("critical"))
		<-tick.C
	}
	if n := hits.Load(); n != 1 {
		t.Errorf("paged %d times, want once", n)
	}
}

// The whole way: the engine's dispatcher, this sender, a pager.
func TestBehindTheDispatcher(t *testing.T) {
	p := newPager(t)
	a := started(t, Options{ConfigFile: writeConfig(t, "", configFor(p.URL))})
	d, err := alertmanager.New(alertmanager.Options{Senders: []alertmanager.Sender{a}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	fires := alerts.Alert{Labels: burn("critical").Labels, StartsAt: epoch}
	d.Put(time.Now(), fires)
	p.awaitTold(t, "firing critical")
	fires.ResolvedAt = time.Now()
	d.Put(fires.ResolvedAt, fires)
	p.awaitTold(t, "firing critical", "resolved critical")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Our remote sender against a real API v2: what it sends is understood, and one
// bad alert is told from a bad request.
func TestRemoteAgainstTheRealAPI(t *testing.T) {
	a := started(t, Options{})
	server := httptest.NewServer(a.Handler())
	defer server.Close()
	r, err := alertmanager.NewRemote(alertmanager.RemoteOptions{URL: server.URL + "/alertmanager"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	send(t, r, burn("critical"))
	if got := alertStates(t, a)["critical"]; got != "active, 0 inhibiting" {
		t.Errorf("the API shows the alert as %q", got)
	}
	bad := burn("warning")
	bad.StartsAt = bad.EndsAt.Add(time.Hour)
	var rejection *alertmanager.Rejection
	if err := r.Send(t.Context(), []alertmanager.Outgoing{bad}); !errors.As(err, &rejection) || !rejection.Content {
		t.Errorf("remote: error %v, want a rejection of the content", err)
	}
	if err := a.Send(t.Context(), []alertmanager.Outgoing{bad, burn("info")}); !errors.As(err, &rejection) || !rejection.Content {
		t.Errorf("embedded: error %v, want a rejection of the content", err)
	}
	if got := alertStates(t, a)["info"]; got != "active, 0 inhibiting" {
		t.Errorf("the good alert beside a bad one is shown as %q", got)
	}
}

// Attributes of OpenTelemetry have dots in their names.
func TestLabelNamesMayBeUTF8(t *testing.T) {
	a := started(t, Options{})
	o := burn("critical")
	o.Labels["service.name"] = "checkout"
	send(t, a, o)
	status, body := call(t, a, "GET", `/alertmanager/api/v2/alerts?filter=%22service.name%22%3Dcheckout`, "")
	if status != 200 || len(body) < 10 {
		t.Errorf("filter by a dotted name: %d %s", status, body)
	}
}
