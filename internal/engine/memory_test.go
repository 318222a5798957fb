package engine

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// plant is a core with one service's traffic, a sample and a tick a second,
// without an engine around it.
type plant struct {
	*testing.T
	*Core
	now       time.Time
	good, bad float64
	sends     []send
	records   map[string][]byte // the newest of each instance, as a journal has them
}

func newPlant(t *testing.T, now time.Time, specs ...*slo.Spec) *plant {
	p := &plant{T: t, now: now, records: map[string][]byte{}}
	p.Core = NewCore(Options{Notify: func(at time.Time, batch []alerts.Alert) { p.sends = append(p.sends, send{at, batch}) }})
	p.Load(compile(t, specs...), nil, now)
	return p
}

func (p *plant) send(good, bad float64) {
	p.good, p.bad = p.good+good, p.bad+bad
	at := p.now.UnixNano()
	series := func(code string, v float64) sli.Series {
		return sli.Series{Labels: metric(`requests_total{service="shop",code="` + code + `"}`), Target: "t", Points: []sli.Point{{Time: at, Value: v}}}
	}
	p.Ingest(&sli.Batch{Whole: true, Series: []sli.Series{series("200", p.good), series("500", p.bad)}}, p.now)
}

func (p *plant) tick() *Snapshot {
	s := p.Evaluate(p.now)
	for _, r := range p.Changed() {
		p.records[r.ID] = r.State
		if r.State == nil {
			delete(p.records, r.ID)
		}
	}
	return s
}

func (p *plant) run(seconds int, good, bad float64) (last *Snapshot) {
	for range seconds {
		p.now = p.now.Add(time.Second)
		p.send(good, bad)
		last = p.tick()
	}
	return last
}

func (p *plant) wait(d time.Duration) (last *Snapshot) {
	for range d / time.Second {
		p.now = p.now.Add(time.Second)
		last = p.tick()
	}
	return last
}

// paging is a plant whose page fires, for some SLOs of the service shop.
func paging(t *testing.T, specs ...*slo.Spec) *plant {
	t.Helper()
	p := newPlant(t, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), specs...)
	p.run(60, 1000, 0)
	p.run(120, 0, 1000)
	if len(p.alerts(alerts.NameBurn, alerts.Critical)) == 0 {
		t.Fatal("no page fires")
	}
	return p
}

// alerts are those sent under a name and severity.
func (p *plant) alerts(name string, severity alerts.Severity) (list []alerts.Alert) {
	for _, s := range p.sends {
		for _, a := range s.batch {
			if a.Labels["alertname"] == name && a.Labels["severity"] == string(severity) {
				list = append(list, a)
			}
		}
	}
	return list
}

// restart is another process that knows the records, and the counts if asked.
func (p *plant) restart(down time.Duration, counts bool, specs ...*slo.Spec) *plant {
	p.Helper()
	next := newPlant(p.T, p.now.Add(down), specs...)
	next.good, next.bad = p.good, p.bad
	if counts {
		was := p.now
		next.now = was
		next.send(0, 0) // the last values
		next.now = was.Add(down)
		for _, in := range next.tracker.Instances() {
			for _, before := range p.tracker.Instances() {
				if before.ID == in.ID {
					copyLedger(p.T, in.Ledger, before.Ledger)
				}
			}
		}
	}
	for id, state := range p.records {
		if err := next.Recall(id, state); err != nil {
			p.Fatal(err)
		}
		next.records[id] = state
	}
	return next
}

func copyLedger(t *testing.T, to, from *budget.Ledger) {
	t.Helper()
	data, err := from.AppendBinary(nil)
	if err == nil {
		err = to.UnmarshalBinary(data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRecordsHoldWhatIsRemembered(t *testing.T) {
	p := paging(t, newSpec("shop"), newSpec("shop", named("grouped"), by("code")))
	for range 50 {
		var want []AlertRecord
		for _, r := range p.Remembered() {
			if string(p.records[r.ID]) != string(r.State) {
				t.Fatalf("%s: the newest record is %s, remembered is %s", r.ID, p.records[r.ID], r.State)
			}
			want = append(want, r)
		}
		if len(want) != len(p.records) {
			t.Fatalf("%d records, %d remembered", len(p.records), len(want))
		}
		p.run(60, 1000, 0)
	}
	if len(p.records) == 0 {
		t.Fatal("nothing is left to forget")
	}
	p.Load(nil, nil, p.now)
	p.tick()
	if len(p.records) > 0 {
		t.Errorf("of SLOs that are gone is remembered: %v", p.records)
	}
}

// A page goes on over a restart as if there had been none: it is sent at once
// and as of when it began, and resolves when it would have.
func TestAPageGoesOnOverARestart(t *testing.T) {
	p := paging(t, newSpec("shop"))
	page := p.alerts(alerts.NameBurn, alerts.Critical)[0]
	next := p.restart(20*time.Second, true, newSpec("shop"))
	next.tick()
	got := next.alerts(alerts.NameBurn, alerts.Critical)
	if len(got) != 1 || !got[0].Firing() || !got[0].StartsAt.Equal(page.StartsAt) {
		t.Fatalf("the first evaluation sent %+v, the page began at %s", got, page.StartsAt)
	}
	if diff := cmp.Diff(page.Labels, got[0].Labels); diff != "" {
		t.Errorf("labels (-before +after):\n%s", diff)
	}
	if got[0].Annotations["long"] != "1h" || got[0].Annotations["burn"] == "" {
		t.Errorf("annotations %v", got[0].Annotations)
	}
	if s := next.run(30, 1000, 0); s.Instances[0].State != StateBurning && s.Instances[0].State != StateExhausted {
		t.Errorf("it is %s", s.Instances[0].State)
	}
	next.run(40*60, 1000, 0)
	all := next.alerts(alerts.NameBurn, alerts.Critical)
	if last := all[len(all)-1]; last.Firing() || !last.StartsAt.Equal(page.StartsAt) {
		t.Errorf("half an hour of good traffic later: %+v", last)
	}
	for _, a := range all[:len(all)-1] {
		if !a.Firing() {
			t.Errorf("it resolved before: %+v", a)
		}
	}
}

// After hours of downtime nobody has been silent yet: what fired goes on
// until samples say otherwise, and nobody is said to send nothing.
func TestDowntimeIsNobodysSilence(t *testing.T) {
	p := paging(t, newSpec("shop"))
	next := p.restart(3*time.Hour, true, newSpec("shop"))
	next.tick()
	next.wait(9 * time.Minute)
	if got := next.alerts(alerts.NameNoData, alerts.Warning); len(got) > 0 {
		t.Errorf("no data after nine minutes of listening: %+v", got)
	}
	for _, a := range next.alerts(alerts.NameBurn, alerts.Critical) {
		if !a.Firing() {
			t.Errorf("the page resolved unheard: %+v", a)
		}
	}
	next.wait(2 * time.Minute)
	if got := next.alerts(alerts.NameNoData, alerts.Warning); len(got) != 1 || !got[0].Firing() {
		t.Errorf("after eleven minutes: %+v", got)
	}
	pages := next.alerts(alerts.NameBurn, alerts.Critical)
	if last := pages[len(pages)-1]; !last.Firing() || last.Annotations["frozen"] == "" {
		t.Errorf("the page is not frozen: %+v", last)
	}
	next.run(5, 1000, 0)
	missing := next.alerts(alerts.NameNoData, alerts.Warning)
	if missing[len(missing)-1].Firing() {
		t.Error("samples are back and the no-data alert goes on")
	}
	pages = next.alerts(alerts.NameBurn, alerts.Critical)
	if pages[len(pages)-1].Firing() {
		t.Error("the page outlives an outage that ended three hours ago")
	}
}

// What ended while the process was away resolves with the first evaluation.
func TestWhatEndedMeanwhileResolves(t *testing.T) {
	p := paging(t, newSpec("shop"))
	began := p.alerts(alerts.NameBurn, alerts.Critical)[0].StartsAt
	next := p.restart(2*time.Hour, true, newSpec("shop"))
	next.send(7200*1000, 0) // the senders come before the first tick
	next.tick()
	next.run(20, 1000, 0)
	all := next.alerts(alerts.NameBurn, alerts.Critical)
	if len(all) == 0 || all[len(all)-1].Firing() || !all[len(all)-1].StartsAt.Equal(began) {
		t.Errorf("sent %+v", all)
	}
}

// Without its series an instance's alerts go on for an hour, under the same
// labels, and end then; a reload does not end them.
func TestAlertsOfAbsentInstances(t *testing.T) {
	spec := newSpec("shop", by("code"), labelled("team", "a"))
	p := paging(t, spec)
	page := p.alerts(alerts.NameBurn, alerts.Critical)[0]
	next := p.restart(time.Minute, false, spec)
	next.Load(compile(t, spec), nil, next.now)
	shown := next.tick()
	got := next.alerts(alerts.NameBurn, alerts.Critical)
	if len(got) != 1 || !got[0].StartsAt.Equal(page.StartsAt) || !got[0].Firing() {
		t.Fatalf("the first evaluation sent %+v", got)
	}
	if diff := cmp.Diff(page.Labels, got[0].Labels); diff != "" {
		t.Errorf("labels (-before +after):\n%s", diff)
	}
	fires := false
	for _, in := range shown.Instances {
		fires = fires || in.ID == page.Labels["slo_id"] && in.State == StateUnknown && in.Group["code"] == "500" && len(in.Alerts) > 0
	}
	if !fires {
		t.Errorf("the snapshot does not show what fires: %+v", shown.Instances)
	}
	if diff := cmp.Diff(p.Remembered(), next.Remembered()); diff != "" {
		t.Errorf("remembered (-before +after):\n%s", diff)
	}
	next.wait(30 * time.Minute)
	next.Load(compile(t, spec), nil, next.now)
	next.wait(30*time.Minute - 2*time.Second)
	if got := next.alerts(alerts.NameBurn, alerts.Critical); len(got) != 1 {
		t.Fatalf("within the hour %+v", got[1:])
	}
	last := next.wait(3 * time.Second)
	all := next.alerts(alerts.NameBurn, alerts.Critical)
	if len(all) != 2 || all[1].Firing() || !cmp.Equal(all[1].Labels, page.Labels) {
		t.Errorf("after an hour %+v", all[1:])
	}
	if len(next.records) > 0 || len(last.Instances) != 1 || len(last.Instances[0].Alerts) > 0 {
		t.Errorf("%d records are left, and it shows %+v", len(next.records), last.Instances)
	}
}

// An instance that comes back takes its alerts over, and their identity.
func TestAnAbsentInstanceComesBack(t *testing.T) {
	spec := newSpec("shop", by("code"))
	p := paging(t, spec)
	page := p.alerts(alerts.NameBurn, alerts.Critical)[0]
	next := p.restart(time.Minute, false, spec)
	next.tick()
	next.wait(10 * time.Second)
	next.run(2, 0, 0)
	if len(next.absent) > 0 {
		t.Fatalf("still absent: %v", next.absent)
	}
	for _, a := range next.alerts(alerts.NameBurn, alerts.Critical) {
		if !a.StartsAt.Equal(page.StartsAt) || !cmp.Equal(a.Labels, page.Labels) {
			t.Errorf("it is another alert now: %+v", a)
		}
	}
}

func TestAlertsSwitchedOffMeanwhileResolve(t *testing.T) {
	p := paging(t, newSpec("shop"))
	for _, counts := range []bool{true, false} {
		next := p.restart(time.Minute, counts, newSpec("shop", silent))
		next.tick()
		if got := next.alerts(alerts.NameBurn, alerts.Critical); len(got) != 1 || got[0].Firing() {
			t.Errorf("with counts %v: %+v", counts, got)
		}
		if len(next.records) > 0 || len(next.Remembered()) > 0 {
			t.Errorf("with counts %v it is remembered: %v", counts, next.records)
		}
	}
}

// Of an SLO that is not there any more nobody can be told, for its labels are
// not known; the record goes.
func TestAlertsOfAnSLORemovedMeanwhile(t *testing.T) {
	p := paging(t, newSpec("shop"))
	next := p.restart(time.Minute, false, newSpec("other"))
	next.tick()
	next.wait(time.Hour + time.Second)
	if len(next.sends) > 0 || len(next.records) > 0 {
		t.Errorf("sent %+v, left %v", next.sends, next.records)
	}
}

func TestRecallRefusesNonsense(t *testing.T) {
	f := func(id, state, complaint string) {
		t.Helper()
		c := NewCore(Options{})
		if err := c.Recall(id, []byte(state)); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("recall %q, %q: %v, want an error about %q", id, state, err, complaint)
		}
		if len(c.Remembered()) > 0 {
			t.Errorf("recall %q, %q: refused, and yet remembered", id, state)
		}
	}
	f("shop:availability", "", "recall alerts of shop:availability")
	f("shop:availability", `{"alerts":{}}`, "names no SLO")
	f("", `{"slo":"shop:availability","alerts":{}}`, "names no SLO")
	f("shop:availability", `{"slo":"shop:availability","alerts":{"tiers":["x"]}}`, "tiers[0]")

	c := NewCore(Options{})
	c.Evaluate(time.Now())
	state, _ := json.Marshal(memory{SLO: "shop:availability"})
	if err := c.Recall("shop:availability", state); err == nil || !strings.Contains(err.Error(), "judged already") {
		t.Errorf("recall after an evaluation: %v", err)
	}
}
