package inbound_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
	"github.com/slo-engine/slo-engine/internal/ingest/inbound"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

// nodes are two nodes whose TCP segments an exporter counts: of n2 some are sent
// again while it is sick.
type nodes struct {
	began time.Time
	sick  atomic.Bool
	lost  [2]atomic.Int64
}

// ServeHTTP is node_exporter's page of both.
func (n *nodes) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	out := 100 * int64(time.Since(n.began)/(100*time.Millisecond)) // a thousand a second
	for i, name := range []string{"n1", "n2"} {
		ratio := int64(1) // in a hundred
		if i == 1 && n.sick.Load() {
			ratio = 12
		}
		was := n.lost[i].Load()
		lost := was + 10*ratio // a second goes by between two scrapes
		n.lost[i].Store(lost)
		fmt.Fprintf(w, "node_netstat_Tcp_OutSegs{node=%q} %d\nnode_netstat_Tcp_RetransSegs{node=%q} %d\n", name, out, name, lost)
	}
}

const retransmits = `groups:
- name: tcp
  interval: 1s
  rules:
  - alert: TCPRetransmits
    expr: rate(node_netstat_Tcp_RetransSegs[5s]) / rate(node_netstat_Tcp_OutSegs[5s]) > 0.08
    for: 15s
    labels: {severity: critical, service: checkout}
    annotations: {summary: '{{ $labels.node }} sends {{ $value | humanizePercentage }} of its segments again'}
`

const takeOut = `apiVersion: slo-engine.dev/v1
kind: Remediation
metadata: {name: take-out-lossy-node}
spec:
  on: ['alertname="TCPRetransmits"']
  actions:
    - haproxy: {socket: SOCKET, backend: checkout, drain: {memberLabel: node}}
  guards: {cooldown: 1s}
  lease: 2m
  undo: {after: 2s, steps: [100%], every: 1s}
`

// The scenario from the field: for 15 seconds a node sends more than 8 % of its
// TCP segments again. A real Prometheus says so to a real Alertmanager, that to
// us, and a real HAProxy takes the node out of rotation; when it is well again,
// the node is back.
func TestTCPRetransmits(t *testing.T) {
	t.Parallel()
	field := &nodes{began: time.Now()}
	exporter := httptest.NewServer(field)
	t.Cleanup(exporter.Close)
	proxy := startProxy(t)
	store, err := state.Open(t.Context(), state.Options{DSN: filepath.Join(t.TempDir(), "state.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	inbox := remediation.NewInbox(remediation.InboxOptions{Store: store})
	endpoint := httptest.NewServer(inbound.New(inbound.Options{Inbox: func() inbound.Inbox { return inbox }}))
	t.Cleanup(endpoint.Close)
	heal(t, store, inbox, proxy.Socket)

	am := lab.StartAlertmanager(t, fmt.Sprintf(`
route: {receiver: engine, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 5s}
receivers: [{name: engine, webhook_configs: [{url: '%s/api/v1/alerts', send_resolved: true}]}]
`, endpoint.URL))
	lab.StartPrometheus(t, lab.PrometheusOptions{
		Files: map[string]string{"tcp.yml": retransmits},
		Config: fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [tcp.yml]
scrape_configs: [{job_name: node, static_configs: [{targets: ['%s']}]}]
alerting: {alertmanagers: [{static_configs: [{targets: ['%s']}]}]}
`, strings.TrimPrefix(exporter.URL, "http://"), am.Addr),
		ExtraArgs: []string{"--rules.alert.resend-delay=2s"},
	})

	proxy.wantAnswers(t, "n1", "n2")
	field.sick.Store(true)
	fault := time.Now()
	rec := wantState(t, store, remediation.Holding)
	t.Logf("out of rotation %s after the begin, %s after the alert began", rec.Acted.Sub(fault).Round(time.Millisecond), rec.Acted.Sub(rec.Since).Round(time.Millisecond))
	proxy.wantAnswers(t, "n1")
	if rec.Action.Member != "n2" || rec.Reason != remediation.ReasonUnproven || rec.Service != "checkout" {
		t.Errorf("the action is %+v", rec)
	}
	field.sick.Store(false)
	well := time.Now()
	rec = wantState(t, store, remediation.Undone)
	t.Logf("back %s after the end", rec.Updated.Sub(well).Round(time.Millisecond))
	proxy.wantAnswers(t, "n1", "n2")
	if all, err := store.Find(t.Context(), remediation.Query{}); len(all) != 1 || err != nil {
		t.Errorf("%d actions, %v", len(all), err)
	}
}

// wantState waits for the only action to come into a state.
func wantState(t *testing.T, store *state.Store, want remediation.State) (rec remediation.Record) {
	t.Helper()
	lab.Eventually(t, 2*time.Minute, func() error {
		all, err := store.Find(t.Context(), remediation.Query{})
		if err != nil || len(all) == 0 {
			return fmt.Errorf("there is no action: %w", err)
		}
		if rec = all[0]; rec.State != want {
			return fmt.Errorf("it is %s (%s, %s)", rec.State, rec.Reason, rec.Note)
		}
		return nil
	})
	return rec
}

// heal runs an inbox and a runner until the test is over.
func heal(t *testing.T, store *state.Store, inbox *remediation.Inbox, socket string) {
	t.Helper()
	var books []*slo.Remediation
	_, problems := slo.Loader{Remediations: &books}.Load(slo.File{Name: "p.yaml", Data: []byte(strings.Replace(takeOut, "SOCKET", socket, 1))})
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Fatal(p)
		}
	}
	runner := remediation.New(remediation.Options{
		Store: store, Mode: remediation.ModeEnforce, Playbooks: func() []*slo.Remediation { return books },
		Gateways: haproxies{}, Events: nothing{}, Interval: 100 * time.Millisecond,
		View: func() remediation.View {
			now := time.Now()
			return remediation.View{At: now, Alerts: inbox.Alerts(now)}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{}, 2)
	go func() { inbox.Run(ctx); done <- struct{}{} }()
	go func() { runner.Run(ctx); done <- struct{}{} }()
	t.Cleanup(func() { cancel(); <-done; <-done })
}

// haproxies opens the gateways that playbooks name.
type haproxies struct{}

func (haproxies) Open(_ string, settings json.RawMessage) (string, actuator.Actuator, error) {
	var c haproxy.Config
	if err := json.Unmarshal(settings, &c); err != nil {
		return "", nil, err
	}
	a, err := haproxy.New(c, haproxy.Options{})
	return "haproxy " + c.Socket, a, err
}

// nothing counts no events: no SLO is a witness here.
type nothing struct{}

func (nothing) Since(string, time.Time, time.Duration, string) remediation.Reading {
	return remediation.Reading{}
}

// proxy is a HAProxy in front of both nodes.
type proxy struct{ *lab.HAProxy }

func startProxy(t *testing.T) proxy {
	t.Helper()
	var servers []string
	for _, name := range []string{"n1", "n2"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }))
		t.Cleanup(s.Close)
		servers = append(servers, "  server "+name+" "+s.Listener.Addr().String()+"\n")
	}
	return proxy{lab.StartHAProxy(t, func(addr, _ string) string {
		return "frontend www\n  bind " + addr + "\n  default_backend checkout\nbackend checkout\n  balance roundrobin\n" + strings.Join(servers, "")
	})}
}

// wantAnswers checks who answers clients: these and nobody else.
func (p proxy) wantAnswers(t *testing.T, want ...string) {
	t.Helper()
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	lab.Eventually(t, 30*time.Second, func() error {
		counts := map[string]int{}
		for range 20 {
			r, err := client.Get("http://" + p.Addr)
			if err != nil {
				return err
			}
			body, err := io.ReadAll(r.Body)
			if err := errors.Join(err, r.Body.Close()); err != nil {
				return err
			}
			counts[string(body)]++
		}
		for _, name := range want {
			if counts[name] == 0 {
				return fmt.Errorf("%s does not answer: %v", name, counts)
			}
		}
		if len(counts) != len(want) {
			return fmt.Errorf("they answer: %v", counts)
		}
		return nil
	})
}
