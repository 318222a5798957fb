package remediation_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// onDisk is an SQLite store in a folder of the test.
func onDisk(t testing.TB, path string) *state.Store {
	t.Helper()
	s, err := state.Open(context.Background(), state.Options{DSN: path, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func alertOf(i int) remediation.Inbound {
	in := retransmits("", 0, 0)
	in.Fingerprint = fmt.Sprintf("%016x", i)
	in.Labels = map[string]string{"alertname": "Retransmits", "node": fmt.Sprint("n", i), "severity": "critical", "service": fmt.Sprint("s", i%3)}
	return in
}

func ended(in remediation.Inbound, at time.Duration) remediation.Inbound {
	in.EndsAt = start.Add(at)
	return in
}

// takes hands alerts in, which must go, and returns what became of them.
func takes(t testing.TB, b *remediation.Inbox, alerts ...remediation.Inbound) remediation.Taken {
	t.Helper()
	taken, err := b.Take(context.Background(), alerts)
	if err != nil {
		t.Fatal(err)
	}
	return taken
}

// standing says how each alert stands, by its node.
func standing(w *world) string {
	var lines []string
	for _, a := range w.inbox.Alerts(w.now()) {
		line := a.Labels["node"]
		switch {
		case !a.Ended.IsZero():
			line += " ended"
		case a.Frozen:
			line += " stale"
		case a.Held != "":
			line += " " + string(a.Held)
		default:
			line += " fires"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

// What is taken is there after the end of the process. What was heard long
// before the next one began is still a cause, and starts nothing.
func TestInboxSurvives(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "state.db")
	w.store = onDisk(t, path)
	w.inbox = w.hears(t, remediation.InboxOptions{})
	takes(t, w.inbox, alertOf(1), alertOf(2))
	w.advance(15 * time.Minute)
	takes(t, w.inbox, ended(alertOf(2), 14*time.Minute), alertOf(3))
	before := w.inbox.List()

	w.advance(time.Minute)
	w.store = onDisk(t, path)
	w.inbox = w.hears(t, remediation.InboxOptions{})
	if diff := cmp.Diff(before, w.inbox.List()); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	if got := standing(w); got != "n1 not_repeated, n2 ended, n3 fires" {
		t.Errorf("after a restart: %s", got)
	}
	takes(t, w.inbox, alertOf(1))
	if got := standing(w); got != "n1 fires, n2 ended, n3 fires" {
		t.Errorf("once it is repeated: %s", got)
	}
	w.advance(20 * time.Minute)
	if got := standing(w); got != "n1 fires, n3 fires" {
		t.Errorf("when all was said: %s", got)
	}
}

// Two engines share a store: what one of them is told, both know, and none
// overwrites what the other has heard.
func TestInboxesShareAStore(t *testing.T) {
	w := newWorld(t)
	a := w.hears(t, remediation.InboxOptions{})
	b := w.hears(t, remediation.InboxOptions{})
	takes(t, a, alertOf(1), alertOf(2))
	taken := takes(t, b, ended(alertOf(1), time.Second), alertOf(2), alertOf(3))
	want := remediation.Taken{remediation.OutcomeEnded: 1, remediation.OutcomeRepeated: 1, remediation.OutcomeNew: 1}
	if diff := cmp.Diff(want, taken); diff != "" {
		t.Errorf("the second engine (-want +got):\n%s", diff)
	}
	if taken := takes(t, a, alertOf(1)); taken[remediation.OutcomeLate] != 1 && taken[remediation.OutcomeRepeated] != 1 {
		t.Errorf("the first engine: %v", taken)
	}
	deadline := time.Now().Add(30 * time.Second)
	for w.inbox = a; standing(w) != "n1 ended, n2 fires, n3 fires"; {
		if time.Now().After(deadline) {
			t.Fatalf("the first engine knows %s", standing(w))
		}
		runtime.Gosched()
	}
	if err := b.Load(t.Context()); err != nil {
		t.Error(err)
	}
}

// There is room for so many. What ended first makes room; what fires does not,
// and what is known is always taken.
func TestInboxIsBounded(t *testing.T) {
	w := newWorld(t)
	reg := prometheus.NewPedanticRegistry()
	w.inbox = w.hears(t, remediation.InboxOptions{Max: 4, Registerer: reg})
	takes(t, w.inbox, alertOf(1), alertOf(2), alertOf(3), alertOf(4))
	taken, err := w.inbox.Take(t.Context(), []remediation.Inbound{alertOf(5), ended(alertOf(1), 1), ended(alertOf(6), 1)})
	if !errors.Is(err, remediation.ErrBusy) || taken[remediation.OutcomeRefused] != 1 || taken[remediation.OutcomeEnded] != 1 {
		t.Errorf("a fifth one: %v, %v", taken, err)
	}
	w.advance(time.Second)
	takes(t, w.inbox, ended(alertOf(2), 1))
	takes(t, w.inbox, alertOf(7))
	if got := standing(w); got != "n2 ended, n3 fires, n4 fires, n7 fires" {
		t.Errorf("kept: %s", got)
	}
	alerts, _, err := w.store.Inbound(t.Context(), 0)
	if len(alerts) != 4 || err != nil {
		t.Errorf("on disk there are %d, %v", len(alerts), err)
	}
	metric := `
		# HELP slo_engine_inbound_alerts_kept Alerts from elsewhere that are known, by whether they fire.
		# TYPE slo_engine_inbound_alerts_kept gauge
		slo_engine_inbound_alerts_kept{state="ended"} 1
		slo_engine_inbound_alerts_kept{state="firing"} 3
		# HELP slo_engine_inbound_alerts_total Alerts that others told, by what became of them.
		# TYPE slo_engine_inbound_alerts_total counter
		slo_engine_inbound_alerts_total{result="ended"} 2
		slo_engine_inbound_alerts_total{result="late"} 0
		slo_engine_inbound_alerts_total{result="never_fired"} 1
		slo_engine_inbound_alerts_total{result="new"} 5
		slo_engine_inbound_alerts_total{result="refused"} 1
		slo_engine_inbound_alerts_total{result="repeated"} 0
	`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(metric), "slo_engine_inbound_alerts_kept", "slo_engine_inbound_alerts_total"); err != nil {
		t.Error(err)
	}
}

// Bytes are bounded, too.
func TestInboxIsBoundedInBytes(t *testing.T) {
	w := newWorld(t)
	w.inbox = w.hears(t, remediation.InboxOptions{MaxBytes: 100_000})
	for i := range 100 {
		in := alertOf(i)
		in.Annotations = map[string]string{"text": strings.Repeat("x", 10_000)}
		if _, err := w.inbox.Take(t.Context(), []remediation.Inbound{in}); (err != nil) != (i >= 9) {
			t.Fatalf("alert %d: %v", i, err)
		}
	}
}

// away is a store that does not answer while it is told so.
type away struct {
	remediation.InboxStore
	mu   sync.Mutex
	gone bool
}

func (a *away) set(gone bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.gone = gone
}

func (a *away) TakeInbound(ctx context.Context, seen int64, alerts []remediation.Inbound, forget []string) (int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.gone {
		return 0, state.ErrAway
	}
	return a.InboxStore.TakeInbound(ctx, seen, alerts, forget)
}

// What is not on disk is not taken, and not known either.
func TestInboxWithoutItsStore(t *testing.T) {
	w := newWorld(t)
	store := &away{InboxStore: w.store, gone: true}
	b := remediation.NewInbox(remediation.InboxOptions{Store: store, Now: w.now})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); b.Run(ctx) }()
	_, err := b.Take(t.Context(), []remediation.Inbound{alertOf(1)})
	if !errors.Is(err, remediation.ErrBusy) || !errors.Is(err, state.ErrAway) || len(b.List()) > 0 {
		t.Errorf("without a store: %v, and %d are known", err, len(b.List()))
	}
	store.set(false)
	takes(t, b, alertOf(1))
	cancel()
	<-done
	if _, err := b.Take(context.Background(), []remediation.Inbound{alertOf(2)}); !errors.Is(err, remediation.ErrBusy) {
		t.Errorf("after the end: %v", err)
	}
}

// A storm of ten thousand alerts, at once and one by one, is on disk soon, and
// leads to what few alerts lead to. Twice as many are kept, and no more.
func TestInboxInAStorm(t *testing.T) {
	const many = 10_000
	w := newWorld(t)
	w.store = onDisk(t, filepath.Join(t.TempDir(), "state.db"))
	w.inbox = w.hears(t, remediation.InboxOptions{})
	began := time.Now()
	var storm []remediation.Inbound
	for i := range many {
		storm = append(storm, alertOf(i))
	}
	takes(t, w.inbox, storm...)
	t.Logf("in one request: %s", time.Since(began))

	began = time.Now()
	senders := make(chan int, many)
	for i := range many {
		senders <- many + i
	}
	close(senders)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for i := range senders {
				takes(t, w.inbox, alertOf(i))
			}
		})
	}
	wg.Wait()
	t.Logf("in as many requests: %s", time.Since(began))
	if taken, err := w.inbox.Take(t.Context(), []remediation.Inbound{alertOf(3 * many)}); !errors.Is(err, remediation.ErrBusy) {
		t.Errorf("one more: %v, %v", taken, err)
	}
	if alerts, _, err := w.store.Inbound(t.Context(), 0); len(alerts) != 2*many || err != nil {
		t.Errorf("on disk there are %d, %v", len(alerts), err)
	}

	w.books = playbooks(t, strings.NewReplacer(elsewhere...).Replace(playbook))
	for _, p := range w.books {
		p.Remedies[0].MemberLabel, p.Remedies[0].From = "", "v2"
	}
	e := w.engine(t, "a", 0, false)
	began = time.Now()
	e.run(5 * time.Second)
	t.Logf("ten looks at %d alerts: %s", 2*many, time.Since(began))
	if list := w.records(t); len(list) != 1 { // they have one target
		t.Errorf("%d actions", len(list))
	}
}

// BenchmarkDecideInAStorm decides about twenty thousand alerts of a thousand
// services, with a week's records.
func BenchmarkDecideInAStorm(b *testing.B) {
	k := remediation.Known{Now: start.Add(time.Minute), Mode: remediation.ModeEnforce}
	if err := func() (err error) {
		on, err := slo.ParseMatchers(`alertname="Retransmits"`)
		k.Playbooks = []*slo.Remediation{{Name: "p", On: on, Remedies: []slo.Remedy{{Kind: slo.RemedyDrain, MemberLabel: "node"}}}}
		return err
	}(); err != nil {
		b.Fatal(err)
	}
	for i := range 20_000 {
		in := alertOf(i)
		in.Labels["service"] = fmt.Sprint("s", i%1000)
		k.View.Alerts = append(k.View.Alerts, remediation.Alert{Fingerprint: in.Fingerprint, Labels: in.Labels, Since: start.Add(-time.Duration(i%400) * time.Second)})
	}
	for i := range 1000 {
		k.Records = append(k.Records, remediation.Record{ID: fmt.Sprint(i), Playbook: "p", Service: fmt.Sprint("s", i), State: remediation.Undone, Created: start})
	}
	for b.Loop() {
		if list := remediation.Decide(k); len(list) != 20_000 {
			b.Fatal(len(list))
		}
	}
}
