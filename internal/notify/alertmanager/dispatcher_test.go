package alertmanager

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// The life of an alert as an Alertmanager sees it.
func TestLifeOfAnAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}})
		defer stop()
		fired := time.Now()
		a := page("availability", fired)

		d.Put(time.Now(), a)
		synctest.Wait()
		want := Outgoing{Labels: a.Labels, Annotations: a.Annotations, StartsAt: fired.UTC(), EndsAt: fired.Add(4 * time.Minute).UTC()}
		expect(t, "first send", am.taken(), want)

		for range 30 {
			pass(time.Second)
			d.Put(time.Now(), a)
		}
		if got := am.taken(); len(got) != 0 {
			t.Fatalf("an unchanged alert was sent %d times within the resend interval", len(got))
		}

		pass(30*time.Second + time.Millisecond)
		want.EndsAt = fired.Add(5 * time.Minute).UTC()
		expect(t, "resend", am.taken(), want)

		pass(time.Second)
		end := time.Now()
		d.Put(end, resolved(a, end))
		synctest.Wait()
		want.EndsAt = end.UTC()
		expect(t, "resolve", am.taken(), want)

		pass(15*time.Minute - time.Second)
		got := am.taken()
		if len(got) != 14 {
			t.Errorf("the resolved alert was resent %d times in 15 minutes, want 14", len(got))
		}
		for _, s := range got {
			expect(t, "resend of the resolve", []sent{s}, want)
		}
		if n := len(d.Active()); n != 1 {
			t.Errorf("%d alerts held before the retention ends, want 1", n)
		}

		pass(2 * time.Second)
		if n := len(d.Active()); n != 0 {
			t.Errorf("%d alerts held after the retention, want 0", n)
		}
		d.Put(time.Now(), resolved(a, end))
		pass(5 * time.Minute)
		if got := am.taken(); len(got) != 0 {
			t.Errorf("a forgotten alert was sent %d times", len(got))
		}
	})
}

func TestChangesAreSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}})
		defer stop()
		t0 := time.Now()
		a := page("availability", t0)
		annotated := a
		annotated.Annotations = map[string]string{"tier": "page_slow"}
		linked := annotated
		linked.GeneratorURL = "http://slo.example/x"
		later := linked
		later.StartsAt = t0.Add(time.Second)
		again := later
		again.StartsAt = t0.Add(3 * time.Second)
		steps := []struct {
			name  string
			alert alerts.Alert
			sends int
		}{
			{"new", a, 1},
			{"the same", a, 0},
			{"annotation", annotated, 1},
			{"generator url", linked, 1},
			{"start", later, 1},
			{"resolve", resolved(later, t0.Add(2*time.Second)), 1},
			{"the same resolve", resolved(later, t0.Add(2*time.Second)), 0},
			{"fires again", again, 1},
		}
		for _, s := range steps {
			d.Put(t0, s.alert)
			synctest.Wait()
			if got := am.taken(); len(got) != s.sends {
				t.Errorf("%s: sent %d times, want %d", s.name, len(got), s.sends)
			}
		}
		if got := d.Active(); len(got) != 1 || !got[0].Firing() {
			t.Errorf("held %+v, want the one alert that fired again", got)
		}
	})
}

// Under a new label the same SLO goes on burning: both halves arrive in one
// request, also when there is too much for one and when it waited out an outage.
func TestLabelEditTravelsTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}, ResendInterval: time.Hour})
		defer stop()
		now := time.Now()
		var before, ends, begins []alerts.Alert
		for i := range 300 {
			old := page(fmt.Sprintf("slo-%03d", i), now)
			before = append(before, old)
			ends = append(ends, resolved(old, now))
			begins = append(begins, with(old, "team", "payments"))
		}
		d.Put(now, before...)
		synctest.Wait()
		am.taken()

		am.failWith(down)
		d.Put(now, append(ends, begins...)...)
		pass(10 * time.Second)
		am.failWith(nil)
		pass(time.Minute)

		home := map[string]int{}
		total := 0
		for i, s := range am.taken() {
			if len(s.batch) > maxBatch {
				t.Errorf("request %d carries %d alerts, want at most %d", i, len(s.batch), maxBatch)
			}
			for _, o := range s.batch {
				total++
				id := o.Labels["slo_id"]
				if first, ok := home[id]; ok && first != i {
					t.Errorf("%s: its halves are in requests %d and %d", id, first, i)
				}
				home[id] = i
			}
		}
		if total != 600 {
			t.Errorf("%d alerts arrived, want 600", total)
		}
	})
}

// One Alertmanager hangs, one is away: the third notices nothing.
func TestSendersDoNotDelayEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		well := &recorder{name: "well"}
		hanging := &recorder{name: "hanging", fail: hang}
		away := &recorder{name: "away", fail: down}
		d, stop := start(t, Options{Senders: []Sender{hanging, away, well}})
		defer stop()
		for i := range 100 {
			at := time.Now()
			d.Put(at, page(fmt.Sprint("slo-", i), at))
			if took := time.Since(at); took != 0 {
				t.Fatalf("Put waited %s", took)
			}
			synctest.Wait()
			got := well.taken()
			if len(got) != 1 || !got[0].at.Equal(at) {
				t.Fatalf("alert %d: the healthy sender got %+v, want one request at %s", i, got, at)
			}
			pass(100 * time.Millisecond)
		}
	})
}

// An hour's outage ends with the present state: what resolved is told resolved
// although we forgot it long ago, what fires has an end in the future.
func TestOutageEndsWithThePresentState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}})
		defer stop()
		t0 := time.Now()
		gone, stays := page("gone", t0), page("stays", t0)
		d.Put(t0, gone, stays)
		synctest.Wait()
		am.taken()

		am.failWith(down)
		end := t0.Add(time.Minute)
		pass(time.Minute)
		d.Put(time.Now(), resolved(gone, end))
		pass(time.Hour)
		tries := am.tries()
		if n := len(tries); n < 120 || n > 180 {
			t.Errorf("%d tries in an hour, want one each 22.5 s or so", n)
		}
		am.failWith(nil)
		pass(30 * time.Second)

		got := map[string]Outgoing{}
		for _, s := range am.taken() {
			for _, o := range s.batch {
				got[o.Labels["slo"]] = o
			}
		}
		if o := got["gone"]; !o.EndsAt.Equal(end) {
			t.Errorf("the resolve arrived with end %s, want %s", o.EndsAt, end)
		}
		if o := got["stays"]; time.Until(o.EndsAt) < 3*time.Minute {
			t.Errorf("the firing alert ends %s after now, want a fresh end", time.Until(o.EndsAt))
		}
		if n := len(d.Active()); n != 1 {
			t.Errorf("%d alerts held, want 1", n)
		}
	})
}

func TestRetryBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am", fail: down}
		d, stop := start(t, Options{Senders: []Sender{am}, ResendInterval: time.Hour})
		defer stop()
		d.Put(time.Now(), page("x", time.Now()))
		pass(2 * time.Minute)
		tries := am.tries()
		var gaps []time.Duration
		for i := 1; i < len(tries); i++ {
			gaps = append(gaps, tries[i].Sub(tries[i-1]))
		}
		ms := time.Millisecond
		want := []time.Duration{75 * ms, 150 * ms, 300 * ms, 600 * ms, 1200 * ms, 2400 * ms, 4800 * ms, 9600 * ms, 19200 * ms, 22500 * ms, 22500 * ms, 22500 * ms}
		if diff := cmp.Diff(want, gaps); diff != "" {
			t.Errorf("waits between tries (-want +got):\n%s", diff)
		}

		am.failWith(nil)
		pass(time.Minute)
		am.taken()
		am.failWith(down)
		d.Put(time.Now(), page("y", time.Now()))
		pass(100 * time.Millisecond)
		if n := len(am.tries()); n != 2 {
			t.Errorf("%d tries in the first tenth of a second after a recovery, want 2", n)
		}
	})
}

func TestOverflowDropsTheOldestAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		am := &recorder{name: "am", fail: down}
		d, stop := start(t, Options{Senders: []Sender{am}, QueueCapacity: 10, Registerer: reg, ResendInterval: time.Hour})
		defer stop()
		now := time.Now()
		for i := range 25 {
			d.Put(now, page(fmt.Sprintf("slo-%02d", i), now))
		}
		pass(time.Minute)
		want := `
# HELP slo_engine_notifications_dropped_total Alerts given up because the queue was full or the Alertmanager refused them.
# TYPE slo_engine_notifications_dropped_total counter
slo_engine_notifications_dropped_total{alertmanager="am"} 15
# HELP slo_engine_notifications_queue_length Alerts waiting to be delivered.
# TYPE slo_engine_notifications_queue_length gauge
slo_engine_notifications_queue_length{alertmanager="am"} 10
# HELP slo_engine_notifications_sent_total Alerts delivered, resends included.
# TYPE slo_engine_notifications_sent_total counter
slo_engine_notifications_sent_total{alertmanager="am"} 0
`
		if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "slo_engine_notifications_dropped_total",
			"slo_engine_notifications_queue_length", "slo_engine_notifications_sent_total"); err != nil {
			t.Error(err)
		}
		am.failWith(nil)
		pass(time.Minute)
		var names []string
		for _, s := range am.taken() {
			for _, o := range s.batch {
				names = append(names, o.Labels["slo"])
			}
		}
		if len(names) != 10 || names[0] != "slo-15" || names[9] != "slo-24" {
			t.Errorf("delivered %v, want the newest ten in order", names)
		}
	})
}

// expect compares what one step sent with the alerts it should have sent.
func expect(t *testing.T, step string, requests []sent, want ...Outgoing) {
	t.Helper()
	var got []Outgoing
	for _, s := range requests {
		got = append(got, s.batch...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", step, diff)
	}
}
