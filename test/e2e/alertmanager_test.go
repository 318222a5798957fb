package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// pagedSLO pages within seconds and recovers within half a minute: for a
// window of 6h page_fast looks at 30s/3s and page_slow at 3m/15s.
const pagedSLO = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability, labels: {team: payments}}
spec:
  service: checkout
  description: Shoppers can pay
  objective: 99.9%
  window: 6h
  sli:
    ratio:
      total: http_requests_total
      bad: http_requests_total{code=~"5.."}
  groupBy: [route]
  alerting:
    labels: {pager: "on"}
    annotations: {runbook_url: "https://runbooks.example/checkout"}
`

// resend is the resend interval of these tests. An alert lives four times as
// long without a resend, which a slow machine must not exhaust.
const resend = 3 * time.Second

// soon bounds the time from an alert's beginning to its notification. It lies
// below the 10 s that the engine gives an Alertmanager to answer: whoever
// waited for the one that hangs is later than that.
const soon = 9 * time.Second

func alertmanagerConfig(hook string) string {
	return fmt.Sprintf(`
route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: hook
    webhook_configs: [{url: '%s', send_resolved: true}]
`, hook)
}

// Two Alertmanagers get every page, resend and resolve; one that refuses
// connections and one that never answers keep nothing from them.
func TestRealAlertmanagers(t *testing.T) {
	t.Parallel()
	var hooks []*webhook
	var servers []*lab.Alertmanager
	urls := []string{refusing(t), hanging(t)}
	for range 2 {
		hook := openWebhook(t)
		server := lab.StartAlertmanager(t, alertmanagerConfig(hook.url))
		hooks, servers, urls = append(hooks, hook), append(servers, server), append(urls, server.URL)
	}
	var list []string
	for _, u := range urls {
		list = append(list, "{url: '"+u+"'}")
	}
	r := start(t, settings{SLOs: pagedSLO, Config: fmt.Sprintf(
		"alerting: {alertmanagers: [%s], resend_interval: %s}\n", strings.Join(list, ", "), resend)})
	shop := openTraffic(t, r, "/pay")
	shop.fail("/pay", true)
	id := r.groupID(t, "/pay")
	for i, hook := range hooks {
		page := hook.await(t, "firing", id, "critical")
		r.checkPage(t, page, id)
		if late := page.received.Sub(page.StartsAt); late > soon {
			t.Errorf("Alertmanager %d: the page came %s after it began", i, late)
		}
		awaitMovingEnd(t, servers[i].URL, id)
	}
	shop.fail("/pay", false)
	for _, hook := range hooks {
		hook.awaitResolve(t, r, id)
	}
	shop.stop()
	r.awaitCounts(t, shop.counts())
	checkDownIsShown(t, look(t, r.URL+"/metrics"), urls[0])
}

// The embedded Alertmanager does the same through its own pipeline, and a
// silence keeps a page from being notified.
func TestEmbeddedAlertmanager(t *testing.T) {
	t.Parallel()
	hook := openWebhook(t)
	r := start(t, settings{SLOs: pagedSLO,
		Config: fmt.Sprintf("alerting: {alertmanager_config: alertmanager.yml, resend_interval: %s}\n", resend),
		Files:  map[string]string{"alertmanager.yml": alertmanagerConfig(hook.url)},
	})
	url := r.URL + "/alertmanager"
	silence := silenceRoute(t, url, "/muted")
	shop := openTraffic(t, r, "/pay", "/muted")
	shop.fail("/muted", true)
	muted := r.groupID(t, "/muted")
	lab.Eventually(t, patience, func() error {
		for _, a := range alertsAt(t, url, muted, "critical") {
			if a.Status.State == "suppressed" && slices.Contains(a.Status.SilencedBy, silence) {
				return nil
			}
		}
		return fmt.Errorf("no silenced page of %s", muted)
	})
	shop.fail("/pay", true)
	id := r.groupID(t, "/pay")
	page := hook.await(t, "firing", id, "critical")
	r.checkPage(t, page, id)
	if late := page.received.Sub(page.StartsAt); late > soon {
		t.Errorf("the page came %s after it began", late)
	}
	awaitMovingEnd(t, url, id)
	shop.fail("/pay", false)
	hook.awaitResolve(t, r, id)
	if n := hook.find("firing", muted, "critical"); n != nil {
		t.Errorf("a silenced page was notified: %+v", n)
	}
	shop.stop()
	r.awaitCounts(t, shop.counts())
}

// traffic is a gateway in front of some routes: 100 requests each quarter of
// a second, by remote write.
type traffic struct {
	routes  []string
	failing map[string]*atomic.Bool
	end     chan struct{}
	ended   sync.WaitGroup
	once    sync.Once

	mu       sync.Mutex
	ok, bad  map[string]float64
	baseline map[string]count
}

func openTraffic(t *testing.T, r *running, routes ...string) *traffic {
	t.Helper()
	s := &traffic{
		routes: routes, failing: map[string]*atomic.Bool{}, end: make(chan struct{}),
		ok: map[string]float64{}, bad: map[string]float64{}, baseline: map[string]count{},
	}
	for _, route := range routes {
		s.failing[route] = &atomic.Bool{}
		s.ok[route], s.bad[route] = 1000, 10 // what was before us is a baseline
		s.baseline[route] = count{s.ok[route], s.bad[route]}
	}
	to := &writer{url: r.URL}
	s.push(t, to)
	s.ended.Go(func() {
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				s.serve()
				s.push(t, to)
			case <-s.end:
				return
			}
		}
	})
	t.Cleanup(s.stop)
	return s
}

func (s *traffic) serve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, route := range s.routes {
		if s.failing[route].Load() {
			s.bad[route] += 100
		} else {
			s.ok[route] += 100
		}
	}
}

// push sends the counters; a failure is made up for by the next push.
func (s *traffic) push(t *testing.T, to *writer) {
	var set []counterSample
	s.mu.Lock()
	for _, route := range s.routes {
		set = append(set, requests("200", s.ok[route], "route", route), requests("500", s.bad[route], "route", route))
	}
	s.mu.Unlock()
	code, answer, err := to.send(context.Background(), set...)
	if err != nil || code != http.StatusNoContent && code != http.StatusServiceUnavailable {
		t.Errorf("remote write answers %d %s, %v", code, answer, err)
	}
}

func (s *traffic) fail(route string, fail bool) { s.failing[route].Store(fail) }

func (s *traffic) stop() {
	s.once.Do(func() { close(s.end) })
	s.ended.Wait()
}

// counts are what was served since the first push.
func (s *traffic) counts() map[string]count {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := map[string]count{}
	for _, route := range s.routes {
		before := s.baseline[route]
		want["availability "+route] = count{s.ok[route] - before.Good, s.bad[route] - before.Bad}
	}
	return want
}

// groupID waits for the id of a route's instance.
func (r *running) groupID(t *testing.T, route string) (id string) {
	t.Helper()
	lab.Eventually(t, patience, func() error {
		slos, err := r.SLOs(t.Context(), client.Filter{Labels: map[string]string{"route": route}})
		if err != nil {
			return err
		}
		if len(slos) != 1 {
			return fmt.Errorf("%d instances have route %s", len(slos), route)
		}
		id = slos[0].ID
		return nil
	})
	return id
}

// tierWindows are long, short and factor of the tiers that may hold a page.
var tierWindows = map[string][3]string{"page_fast": {"30s", "3s", "14.4"}, "page_slow": {"3m", "15s", "6"}}

func (r *running) checkPage(t *testing.T, page notified, id string) {
	t.Helper()
	wantLabels := map[string]string{
		"alertname": "ErrorBudgetBurn", "service": "checkout", "slo": "availability", "slo_id": id,
		"severity": "critical", "route": "/pay", "team": "payments", "pager": "on",
	}
	if diff := cmp.Diff(wantLabels, page.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	a := page.Annotations
	if got, want := [3]string{a["long"], a["short"], a["factor"]}, tierWindows[a["tier"]]; got != want {
		t.Errorf("tier %q has windows and factor %q, want %q", a["tier"], got, want)
	}
	for key, part := range map[string]string{
		"burn": ".", "short_burn": ".", "remaining": "%", "summary": "burns too fast", "description": "99.9%",
		"runbook_url": "https://runbooks.example/checkout", "dashboard_url": r.URL + "/api/v1/slos/" + id,
		"top_contributors": `code="500"`,
	} {
		if !strings.Contains(a[key], part) {
			t.Errorf("annotation %s is %q, and should speak of %q", key, a[key], part)
		}
	}
	if page.GeneratorURL != a["dashboard_url"] {
		t.Errorf("generatorURL is %q", page.GeneratorURL)
	}
	if detail := look(t, a["dashboard_url"]); !strings.Contains(detail, id) {
		t.Errorf("dashboard_url leads to %s", detail)
	}
}

// awaitMovingEnd wants an Alertmanager to hear of an alert again: each send
// moves its end.
func awaitMovingEnd(t *testing.T, url, id string) {
	t.Helper()
	var first time.Time
	lab.Eventually(t, patience, func() error {
		alerts := alertsAt(t, url, id, "critical")
		if len(alerts) != 1 {
			return fmt.Errorf("%d pages are active, want one", len(alerts))
		}
		a := alerts[0]
		if first.IsZero() {
			first = a.EndsAt
		}
		if lead := a.EndsAt.Sub(a.UpdatedAt); lead > 4*resend+time.Second {
			t.Fatalf("the page ends %s after it was sent, want 4 × %s", lead, resend)
		}
		if !a.EndsAt.After(first) {
			return fmt.Errorf("the page still ends at %s", first)
		}
		return nil
	})
}

// alertsAt are the alerts of an instance and severity that an Alertmanager
// holds.
func alertsAt(t *testing.T, url, id, severity string) []lab.Alert {
	t.Helper()
	var alerts []lab.Alert
	if err := json.Unmarshal([]byte(look(t, url+"/api/v2/alerts")), &alerts); err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(alerts, func(a lab.Alert) bool {
		return a.Labels["slo_id"] != id || a.Labels["severity"] != severity
	})
}

func silenceRoute(t *testing.T, url, route string) (id string) {
	t.Helper()
	body := fmt.Sprintf(`{"matchers": [{"name": "route", "value": %q, "isRegex": false}],
		"startsAt": %q, "endsAt": %q, "createdBy": "test", "comment": "known"}`,
		route, time.Now().UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	code, answer := ask(t, http.MethodPost, url+"/api/v2/silences", "application/json", body)
	var silence struct {
		ID string `json:"silenceID"`
	}
	if err := json.Unmarshal([]byte(answer), &silence); code != http.StatusOK || err != nil || silence.ID == "" {
		t.Fatalf("silence: %d %s", code, answer)
	}
	return silence.ID
}

// webhook receives what an Alertmanager notifies.
type webhook struct {
	url string
	mu  sync.Mutex
	got []notified
}

// notified is one alert of a notification.
type notified struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	received     time.Time
}

func openWebhook(t *testing.T) *webhook {
	t.Helper()
	h := &webhook{}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// ServeHTTP takes a notification.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var notification struct {
		Alerts []notified `json:"alerts"`
	}
	if err := json.NewDecoder(r.Body).Decode(&notification); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range notification.Alerts {
		a.received = time.Now()
		h.got = append(h.got, a)
	}
}

// find is the first notification of an instance's alert.
func (h *webhook) find(status, id, severity string) *notified {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.got {
		if a.Status == status && a.Labels["slo_id"] == id && a.Labels["severity"] == severity {
			return &a
		}
	}
	return nil
}

func (h *webhook) await(t *testing.T, status, id, severity string) (a notified) {
	t.Helper()
	lab.Eventually(t, 2*patience, func() error {
		found := h.find(status, id, severity)
		if found == nil {
			h.mu.Lock()
			defer h.mu.Unlock()
			return fmt.Errorf("no %s %s notification of %s among %d", status, severity, id, len(h.got))
		}
		a = *found
		return nil
	})
	return a
}

// awaitResolve wants the page's end to be notified as the engine tells it.
func (h *webhook) awaitResolve(t *testing.T, r *running, id string) {
	t.Helper()
	resolved := h.await(t, "resolved", id, "critical")
	alerts, err := r.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		if a.Labels["slo_id"] != id || a.Labels["severity"] != "critical" {
			continue
		}
		if a.State != "resolved" || a.ResolvedAt.Sub(resolved.EndsAt).Abs() > time.Millisecond || a.StartsAt.Sub(resolved.StartsAt).Abs() > time.Millisecond {
			t.Errorf("the engine's alert is %s from %v to %v, notified was %v to %v",
				a.State, a.StartsAt, a.ResolvedAt, resolved.StartsAt, resolved.EndsAt)
		}
		return
	}
	t.Errorf("the engine knows no page of %s: %+v", id, alerts)
}

// refusing is the URL of an Alertmanager that is down.
func refusing(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// hanging is the URL of an Alertmanager that accepts and never answers.
func hanging(t *testing.T) string {
	t.Helper()
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-over:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { close(over); server.Close() })
	return server.URL
}

// checkDownIsShown wants /metrics to name the Alertmanager that is down.
func checkDownIsShown(t *testing.T, metrics, url string) {
	t.Helper()
	for line := range strings.Lines(metrics) {
		if strings.HasPrefix(line, "slo_engine_notifications_errors_total") && strings.Contains(line, url) {
			if strings.HasSuffix(strings.TrimSpace(line), " 0") {
				t.Errorf("no error is counted: %s", line)
			}
			return
		}
	}
	t.Errorf("/metrics does not count the errors of %s", url)
}
