package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var spec = &slo.Spec{Service: "checkout", Name: "availability", Labels: map[string]string{"team": "payments"}}

// burn is an alert of an instance that burns.
func burn(id string, severity alerts.Severity, tier string, since time.Time) webhook.Alert {
	return webhook.Alert{
		Who:    alerts.Subject{ID: id, Spec: spec, URL: "http://engine/" + id},
		Status: alerts.Status{Name: alerts.NameBurn, Severity: severity, Tier: tier, Since: since},
	}
}

func tell(d *webhook.Deliverer, at time.Time, kind alerts.Kind, a webhook.Alert) {
	d.Alert(at, a.Who, alerts.Event{Kind: kind, Status: a.Status, Reason: map[alerts.Kind]string{alerts.Resolved: "recovered"}[kind]}, a.Facts)
}

// heard are the events of a receiver, as type and slo.
func heard(t testing.TB, r *receiver) (list []string) {
	t.Helper()
	for _, c := range r.calls() {
		e := eventOf(t, c)
		list = append(list, e.Type()[len("dev.slo-engine.alert."):]+" "+e.Subject())
	}
	return list
}

func eventOf(t testing.TB, c call) (e cloudevents.Event) {
	t.Helper()
	if err := errors.Join(json.Unmarshal(c.body, &e), e.Validate()); err != nil {
		t.Fatalf("%v: %s", err, c.body)
	}
	return e
}

func wantHeard(t testing.TB, r *receiver, want ...string) {
	t.Helper()
	eventually(t, func() bool { return r.count() >= len(want) })
	if diff := cmp.Diff(want, heard(t, r)); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
}

// The life of an alert, to the byte.
func TestAlertEvents(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	d, stop := run(t, options(s, to("hook", r)))
	since := noon.Add(-time.Minute)
	a := burn("checkout:availability", alerts.Critical, "page_fast", since)
	long, short, left, soon := 14.5, math.Inf(1), 0.25, time.Hour
	a.Facts = alerts.Facts{LongBurn: &long, ShortBurn: &short, Remaining: &left, Exhaustion: &soon}
	tell(d, noon, alerts.Fired, a)
	long, left, soon = -1, -1, -1 // the engine's own go on
	a.Facts = alerts.Facts{}
	a.Status.Tier = "page_slow"
	tell(d, noon.Add(time.Second), alerts.Changed, a)
	tell(d, noon.Add(time.Minute), alerts.Resolved, a)
	wantHeard(t, r, "firing checkout:availability", "changed checkout:availability", "resolved checkout:availability")
	stop()

	labels := `"labels":{"alertname":"ErrorBudgetBurn","service":"checkout","severity":"critical","slo":"availability","slo_id":"checkout:availability","team":"payments"}`
	var got []map[string]any
	for _, c := range r.calls() {
		var e map[string]any
		if err := json.Unmarshal(c.body, &e); err != nil {
			t.Fatal(err)
		}
		data := e["data"].(map[string]any)
		if notes := data["annotations"].(map[string]any); notes["tier"] != data["tier"] || notes["summary"] == "" {
			t.Errorf("annotations %v", notes)
		}
		delete(data, "annotations")
		got = append(got, e)
	}
	var want []map[string]any
	for _, text := range []string{
		`{"specversion":"1.0","id":"checkout:availability-ce8a18caba378cfa-firing","source":"slo-engine","type":"dev.slo-engine.alert.firing",
		  "subject":"checkout:availability","time":"2026-03-01T12:00:00Z","datacontenttype":"application/json",
		  "data":{"state":"firing",` + labels + `,"starts_at":"2026-03-01T11:59:00Z","tier":"page_fast","frozen":false,"quiet":false,
		  "burn":14.5,"short_burn":null,"remaining":0.25,"url":"http://engine/checkout:availability"}}`,
		`{"specversion":"1.0","id":"checkout:availability-ce8a18caba378cfa-changed-1772366401000000","source":"slo-engine","type":"dev.slo-engine.alert.changed",
		  "subject":"checkout:availability","time":"2026-03-01T12:00:01Z","datacontenttype":"application/json",
		  "data":{"state":"firing",` + labels + `,"starts_at":"2026-03-01T11:59:00Z","tier":"page_slow","frozen":false,"quiet":false,
		  "burn":null,"short_burn":null,"remaining":null,"url":"http://engine/checkout:availability"}}`,
		`{"specversion":"1.0","id":"checkout:availability-ce8a18caba378cfa-resolved","source":"slo-engine","type":"dev.slo-engine.alert.resolved",
		  "subject":"checkout:availability","time":"2026-03-01T12:01:00Z","datacontenttype":"application/json",
		  "data":{"state":"resolved",` + labels + `,"starts_at":"2026-03-01T11:59:00Z","ends_at":"2026-03-01T12:01:00Z","tier":"page_slow","reason":"recovered",
		  "frozen":false,"quiet":false,"burn":null,"short_burn":null,"remaining":null,"url":"http://engine/checkout:availability"}}`,
	} {
		var e map[string]any
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		want = append(want, e)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// What is known is not told again, what was never told does not end, and what
// wakes nobody is marked.
func TestAlertsOnce(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	d, _ := run(t, options(s, to("hook", r)))
	page, heal := burn("a:b", alerts.Critical, "page_fast", noon), burn("a:b", alerts.None, "heal", noon)
	tell(d, noon, alerts.Resolved, page)
	for range 3 {
		tell(d, noon, alerts.Fired, page)
	}
	tell(d, noon, alerts.Fired, heal)
	tell(d, noon.Add(time.Second), alerts.Resolved, heal)
	tell(d, noon.Add(time.Second), alerts.Changed, page) // to what it is
	tell(d, noon.Add(2*time.Second), alerts.Resolved, page)
	again := burn("a:b", alerts.Critical, "page_fast", noon.Add(time.Minute))
	tell(d, noon.Add(time.Minute), alerts.Changed, again) // that it fired was not heard
	wantHeard(t, r, "firing a:b", "firing a:b", "resolved a:b", "resolved a:b", "firing a:b")
	for i, quiet := range []bool{false, true, true, false, false} {
		var data struct{ Quiet bool }
		if err := eventOf(t, r.calls()[i]).DataAs(&data); err != nil || data.Quiet != quiet {
			t.Errorf("event %d: quiet %t, %v", i, data.Quiet, err)
		}
	}
}

// world is what fires, as an engine sees it.
type world struct {
	mu   sync.Mutex
	list []webhook.Alert
	at   time.Time
}

func (w *world) Firing() ([]webhook.Alert, time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.list, w.at
}

func (w *world) set(at time.Time, list ...webhook.Alert) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list, w.at = list, at
}

// An engine that died tells, when it is there again, what it did not: with the
// ids that it would have had.
func TestMissed(t *testing.T) {
	r, s, w := newReceiver(t, nil), memory(), &world{}
	o := options(s, to("hook", r))
	o.Firing, o.Parallel = w.Firing, 1 // what is told in order is heard in order
	kept, ended, begun := burn("kept:a", alerts.Critical, "page_fast", noon), burn("ended:a", alerts.Warning, "ticket_fast", noon), burn("begun:a", alerts.Critical, "page_slow", noon)

	d, stop := run(t, o)
	tell(d, noon, alerts.Fired, kept)
	tell(d, noon, alerts.Fired, ended)
	wantHeard(t, r, "firing kept:a", "firing ended:a")
	stop()

	run(t, o) // nothing is known of what fires: nothing is told

	kept.Status.Since = noon.Add(3 * time.Second) // by another engine's clock
	w.set(noon.Add(time.Minute), kept, begun)
	wantHeard(t, r, "firing kept:a", "firing ended:a", "firing begun:a", "resolved ended:a")
	var data struct {
		State, Reason string
		Labels        map[string]string
		StartsAt      time.Time `json:"starts_at"`
		EndsAt        time.Time `json:"ends_at"`
	}
	if err := eventOf(t, r.calls()[3]).DataAs(&data); err != nil || data.State != "resolved" || data.Reason != "ended_unwatched" ||
		data.Labels["severity"] != "warning" || data.Labels["team"] != "payments" || !data.StartsAt.Equal(noon) || !data.EndsAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("%+v, %v", data, err)
	}
	w.set(noon.Add(2*time.Minute), kept)
	wantHeard(t, r, "firing kept:a", "firing ended:a", "firing begun:a", "resolved ended:a", "resolved begun:a")
}

// A look that is older than what was told takes nothing back.
func TestStaleLook(t *testing.T) {
	r, s, w := newReceiver(t, nil), memory(), &world{}
	w.set(noon)
	o := options(s, to("hook", r))
	var looks atomic.Int64
	o.Firing = func() ([]webhook.Alert, time.Time) {
		looks.Add(1)
		return w.Firing()
	}
	d, _ := run(t, o)
	a := burn("a:b", alerts.Critical, "page_fast", noon)
	tell(d, noon.Add(time.Second), alerts.Fired, a)
	wantHeard(t, r, "firing a:b")
	seen := looks.Load()
	eventually(t, func() bool { return looks.Load() > seen+20 })
	w.set(noon.Add(time.Second), a)
	eventually(t, func() bool { return looks.Load() > seen+40 })
	wantHeard(t, r, "firing a:b")
}

// Another engine leads: it tells, and this one learns what it has told.
func TestAlertsLed(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	var first, second atomic.Bool
	first.Store(true)
	engine := func(leads *atomic.Bool) *webhook.Deliverer {
		o := options(s, to("hook", r))
		o.Leads = leads.Load
		o.Firing = func() ([]webhook.Alert, time.Time) { return nil, time.Time{} }
		d, _ := run(t, o)
		return d
	}
	a, b := engine(&first), engine(&second)
	one := burn("a:b", alerts.Critical, "page_fast", noon)
	both := func(at time.Time, kind alerts.Kind, one webhook.Alert) {
		tell(a, at, kind, one)
		one.Status.Since = one.Status.Since.Add(time.Second) // each has its own ticks
		tell(b, at, kind, one)
	}
	both(noon, alerts.Fired, one)
	wantHeard(t, r, "firing a:b")
	emptied(t, s, "hook") // or the next leader sends it again
	first.Store(false)
	second.Store(true)
	both(noon.Add(time.Minute), alerts.Resolved, one)
	wantHeard(t, r, "firing a:b", "resolved a:b")
	if first, last := r.ids()[0], r.ids()[1]; first[:len(first)-len("firing")] != last[:len(last)-len("resolved")] {
		t.Errorf("ids %s and %s", first, last)
	}
}

// slow is a store that takes nothing for a while.
type slow struct {
	webhook.Store
	closed chan struct{}
	err    error
}

func (s *slow) Push(ctx context.Context, list ...remediation.Message) error {
	select {
	case <-s.closed:
		return s.Store.Push(ctx, list...)
	default:
		return s.err
	}
}

// An engine's tick waits for nobody, and what does not fit is told when there is
// room again, if it fires then.
func TestQueueFull(t *testing.T) {
	r, registry := newReceiver(t, nil), prometheus.NewRegistry()
	s, w := &slow{memory(), make(chan struct{}), errors.New("away")}, &world{}
	o := options(s, to("hook", r))
	o.Queue, o.Registerer, o.Firing = 3, registry, w.Firing
	d, err := webhook.New(o)
	if err != nil {
		t.Fatal(err)
	}
	var all []webhook.Alert
	for i := range 10 {
		all = append(all, burn(fmt.Sprintf("s%d:a", i), alerts.Critical, "page_fast", noon))
		tell(d, noon, alerts.Fired, all[i]) // nobody takes them
	}
	wantMetric(t, registry, `
# HELP slo_engine_webhook_alerts_dropped_total Transitions of alerts that were not told when they happened, by reason; what still fires is told later.
# TYPE slo_engine_webhook_alerts_dropped_total counter
slo_engine_webhook_alerts_dropped_total{reason="queue_full"} 7
slo_engine_webhook_alerts_dropped_total{reason="too_many"} 0
`, "slo_engine_webhook_alerts_dropped_total")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	w.set(noon.Add(time.Second), all[:9]...) // the last one has ended
	rest()
	close(s.closed)
	eventually(t, func() bool { return r.count() >= 9 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := len(r.calls()); got != 9 {
		t.Errorf("%d events: %v", got, heard(t, r))
	}
}

// Who wants no alerts costs nothing.
func TestNoAlerts(t *testing.T) {
	r, s := newReceiver(t, nil), memory()
	one := to("hook", r)
	one.Types = []string{webhook.Actions}
	d, stop := run(t, options(s, one))
	for range 20_000 {
		tell(d, noon, alerts.Fired, burn("a:b", alerts.Critical, "page_fast", noon))
	}
	stop()
	if n := len(r.calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// What is kept by somebody else under the same name is no reason to be silent.
func TestStrangeBook(t *testing.T) {
	r, s := newReceiver(t, func(int, call) int { return http.StatusOK }), memory()
	if err := s.Set(t.Context(), "webhooks/alerts", json.RawMessage(`"what?"`)); err != nil {
		t.Fatal(err)
	}
	d, _ := run(t, options(s, to("hook", r)))
	tell(d, noon, alerts.Fired, burn("a:b", alerts.Critical, "page_fast", noon))
	wantHeard(t, r, "firing a:b")
}
