package engine

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// excluding gives an SLO one adjustment for each span, named name0, name1, ….
func excluding(name string, spans ...budget.Span) edit {
	var b strings.Builder
	b.WriteString("apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: a}\n" +
		"spec: {service: s, objective: 99%, window: 1d, sli: {ratio: {total: a, bad: b}}}\n")
	for i, s := range spans {
		fmt.Fprintf(&b, "---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: %s%d}\n"+
			"spec: {select: ['service=~\".+\"'], reason: test, from: %s, to: %s}\n",
			name, i, s.From.UTC().Format(time.RFC3339), s.To.UTC().Format(time.RFC3339))
	}
	specs, problems := slo.Load("test.yaml", []byte(b.String()))
	if len(specs) != 1 || len(problems) > 0 || len(specs[0].Adjustments) != len(spans) {
		panic(fmt.Sprint(specs, problems))
	}
	return func(s *slo.Spec) { s.Adjustments = specs[0].Adjustments }
}

// also gives an SLO further windows.
func also(windows ...slo.Window) edit { return func(s *slo.Spec) { s.Also = windows } }

// earlier gives an SLO an objective that held until a time.
func earlier(objective string, until time.Time) edit {
	return func(s *slo.Spec) {
		o, err := slo.ParseObjective(objective)
		if err != nil {
			panic(err)
		}
		s.Earlier = append(s.Earlier, slo.Earlier{Objective: o, Until: until})
	}
}

func promising(objective string) edit {
	return func(s *slo.Spec) { s.Objective, _ = slo.ParseObjective(objective) }
}

var sunday = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// tape drives a core by hand, without a clock, and remembers every event.
type tape struct {
	testing.TB
	*Core
	now     time.Time
	flow    *flow
	samples []sample
	sent    []alerts.Alert
	o       Options
}

type sample struct {
	at time.Time
	budget.Counts
}

func newTape(t testing.TB, begin time.Time, specs ...*slo.Spec) *tape {
	p := &tape{TB: t, now: begin}
	p.o = Options{Notify: func(_ time.Time, batch []alerts.Alert) { p.sent = append(p.sent, batch...) }}
	p.Core = NewCore(p.o)
	p.flow = (&rig{}).shop("shop", 15*time.Second)
	p.load(specs...)
	p.put(0, 0)
	return p
}

func (p *tape) load(specs ...*slo.Spec) { p.Load(compile(p, specs...), nil, p.now) }

// put counts events now, each of which lies at the time of the sample.
func (p *tape) put(good, bad float64) {
	p.flow.values[0] += good
	p.flow.values[1] += bad
	p.Ingest(p.flow.batch(p.now), p.now)
	p.samples = append(p.samples, sample{p.now, budget.Counts{Bad: bad, Total: good + bad}})
}

// run lets traffic flow, so many events each 15 s, and judges now and then.
func (p *tape) run(d time.Duration, good, bad float64) {
	for i := range d / (15 * time.Second) {
		p.now = p.now.Add(15 * time.Second)
		p.put(good, bad)
		if i%8 == 0 {
			p.Evaluate(p.now)
		}
	}
}

// look is what an instance shows now.
func (p *tape) look(id string) *Instance {
	p.Helper()
	for _, in := range p.Evaluate(p.now).Instances {
		if in.ID == id {
			return in
		}
	}
	p.Fatalf("no instance %s", id)
	return nil
}

func (p *tape) shop() *Instance { p.Helper(); return p.look("shop:availability") }

// restart goes on from what a snapshot holds.
func (p *tape) restart(specs ...*slo.Spec) {
	p.Helper()
	var b bytes.Buffer
	write := func(section []byte) {
		if err := writeSection(&b, section); err != nil {
			p.Fatal(err)
		}
	}
	sections, instances := p.cut()
	for _, s := range sections {
		write(s)
	}
	for _, in := range instances {
		s, err := in.AppendLedgers([]byte{kindLedgers})
		if err != nil {
			p.Fatal(err)
		}
		write(s)
	}
	write([]byte{kindEnd})
	p.Core = NewCore(p.o)
	r := &recovery{core: p.Core, log: slog.New(slog.DiscardHandler), load: func() { p.load(specs...) }}
	r.begin()
	if err := r.snapshot(&b); err != nil {
		p.Fatal(err)
	}
	r.end(p.now)
}

// between counts the events in (from, to], and those of them in spans.
func (p *tape) between(from, to time.Time, spans []budget.Span) (counted, excluded budget.Counts) {
	for _, s := range p.samples {
		if !s.at.After(from) || s.at.After(to) {
			continue
		}
		out := slices.ContainsFunc(spans, func(x budget.Span) bool { return s.at.After(x.From) && !s.at.After(x.To) })
		if out {
			excluded = excluded.Add(s.Counts)
		} else {
			counted = counted.Add(s.Counts)
		}
	}
	return counted, excluded
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want)) }

// TestAdjustedReadingsAreRecounted plays random traffic with random exclusions,
// restarts and edits of what has nothing to do with counts, and recounts what
// every window shows, and the budget of each, from the samples.
func TestAdjustedReadingsAreRecounted(t *testing.T) {
	seeds := uint64(2)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 77))
		var spans []budget.Span
		for at := sunday.Add(time.Hour + 7*time.Second); at.Before(sunday.Add(5 * 24 * time.Hour)); {
			at = at.Add(time.Duration(1000+rng.IntN(40000)) * time.Second)
			end := at.Add(time.Duration(1+rng.IntN(9000)) * time.Second)
			spans = append(spans, budget.Span{From: at, To: end})
			at = end
		}
		change := sunday.Add(time.Duration(rng.IntN(60*3600)) * time.Second)
		day := slo.Window{Period: slo.Day}
		edits := []edit{
			over(slo.Window{Rolling: 30 * time.Hour}), also(slo.Window{Rolling: 74 * time.Hour}, day, slo.Window{Rolling: time.Hour}),
			excluding("m", spans...), promising("99%"), earlier("95%", change),
		}
		p := newTape(t, sunday, newSpec("shop", edits...))
		checks := 0
		for p.now.Before(sunday.Add(100 * time.Hour)) {
			p.run(time.Duration(1+rng.IntN(90))*time.Minute, float64(rng.IntN(1000)), float64(rng.IntN(20)*rng.IntN(2)))
			switch rng.IntN(10) {
			case 0:
				p.restart(newSpec("shop", edits...))
			case 1:
				p.load(newSpec("shop", append(edits, labelled("edition", fmt.Sprint(rng.Int())))...))
			}
			in := p.shop()
			shown := append([]Period{{Window: in.Spec.Window, Reading: in.Period, Remaining: in.Remaining, Adjusted: in.Adjusted}}, in.Also...)
			for _, w := range shown {
				checks += checkPeriod(t, p, w, spans, change)
			}
		}
		if checks < 50 {
			t.Errorf("%d checks", checks)
		}
	}
}

// checkPeriod recounts one window.
func checkPeriod(t *testing.T, p *tape, w Period, spans []budget.Span, change time.Time) int {
	t.Helper()
	counted, excluded := p.between(w.Start, w.End, spans)
	if w.Counts != counted {
		t.Fatalf("at %s %s holds %+v, recounted %+v", p.now, w.Window, w.Counts, counted)
	}
	if (excluded != budget.Counts{}) && (w.Adjusted == nil || w.Adjusted.Excluded != excluded ||
		w.Adjusted.Without.Counts != counted.Add(excluded) || len(w.Adjusted.Names) == 0) {
		t.Fatalf("at %s %s excludes %+v, recounted %+v", p.now, w.Window, w.Adjusted, excluded)
	}
	// The budget: second by second, at the rate of what was seen.
	start, end := w.Window.Bounds(p.now)
	if w.Window.Calendar() != (end.After(p.now)) {
		t.Fatal("bounds")
	}
	begin := later(start, sunday)
	seen := p.now.Sub(begin) - excludedIn(spans, begin, p.now)
	if seen <= 0 || counted.Total == 0 {
		return 0
	}
	if whole := end.Sub(start) - excludedIn(spans, start, end); !near(w.Coverage, float64(seen)/float64(whole)) {
		t.Fatalf("at %s %s: coverage %v, recounted %v", p.now, w.Window, w.Coverage, float64(seen)/float64(whole))
	}
	perTime := counted.Total / float64(seen)
	allowed := 0.0
	for _, part := range []struct {
		from, to time.Time
		share    float64
	}{{w.Start, sooner(change, end), 0.05}, {later(change, w.Start), end, 0.01}} {
		if !part.from.Before(part.to) {
			continue
		}
		events, _ := p.between(part.from, sooner(part.to, w.End), spans)
		from := later(part.from, start)
		unseen := part.to.Sub(from) - excludedIn(spans, from, part.to)
		if a, b := later(from, sunday), sooner(part.to, p.now); a.Before(b) {
			unseen -= b.Sub(a) - excludedIn(spans, a, b)
		}
		allowed += part.share * (events.Total + float64(unseen)*perTime)
	}
	if want := 1 - counted.Bad/allowed; w.Remaining == nil || !near(*w.Remaining, want) {
		t.Fatalf("at %s of %s %v is left, recounted %v (change at %s)", p.now, w.Window, *w.Remaining, want, change)
	}
	return 1
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// sight is all that an instance shows, but for the document.
func sight(in *Instance) Instance {
	out := *in
	out.Spec = nil
	return out
}

// An exclusion that is added later shows at the next evaluation; taken back,
// everything is as if it had never been.
func TestAnAdjustmentCanBeTakenBack(t *testing.T) {
	spec := func(more ...edit) *slo.Spec { return newSpec("shop", more...) }
	p, twin := newTape(t, sunday, spec()), newTape(t, sunday, spec())
	both := func(d time.Duration, good, bad float64) { p.run(d, good, bad); twin.run(d, good, bad) }
	both(3*time.Hour, 1000, 0)
	both(10*time.Minute, 0, 1000)
	both(time.Hour, 1000, 0)
	incident := budget.Span{From: sunday.Add(3 * time.Hour), To: sunday.Add(3*time.Hour + 10*time.Minute)}
	p.load(spec(excluding("incident", incident)))
	in := p.shop()
	want := &Adjusted{
		Names: []string{"incident0"}, Excluded: budget.Counts{Bad: 40000, Total: 40000}, ExcludedTime: 10 * time.Minute,
		Without: Unadjusted{Counts: twin.shop().Period.Counts, Coverage: twin.shop().Period.Coverage, Remaining: twin.shop().Remaining},
	}
	if diff := cmp.Diff(want, in.Adjusted); diff != "" {
		t.Errorf("adjusted (-want +got):\n%s", diff)
	}
	if in.Period.Counts != (budget.Counts{Total: 960000}) || *in.Remaining != 1 || *in.Consumed1h != 0 || in.Exhaustion != nil {
		t.Errorf("with the adjustment: %+v, %v left", in.Period, *in.Remaining)
	}
	if in.Since != twin.shop().Since {
		t.Error("what was counted has changed")
	}
	both(20*time.Minute, 1000, 0)
	p.load(spec())
	ignore := cmpopts.IgnoreFields(Instance{}, "Exhaustion", "Alerts", "Tiers", "State") // each forecasts, and began to fire, at its own time
	if diff := cmp.Diff(sight(twin.shop()), sight(p.shop()), ignore); diff != "" {
		t.Errorf("taken back (-never +taken back):\n%s", diff)
	}
	both(30*time.Minute, 1000, 0)
	if diff := cmp.Diff(sight(twin.shop()), sight(p.shop()), ignore); diff != "" {
		t.Errorf("later (-never +taken back):\n%s", diff)
	}
}

// fired counts the burn alerts that began, and those of missing data.
func (p *tape) fired(name string) (n int) {
	for _, a := range p.sent {
		if a.Labels["alertname"] == name && a.Firing() {
			n++
		}
	}
	return n
}

func TestMaintenanceWakesNobody(t *testing.T) {
	span := budget.Span{From: sunday.Add(2 * time.Hour), To: sunday.Add(3 * time.Hour)}
	p := newTape(t, sunday, newSpec("shop", excluding("planned", span)))
	each := func(d time.Duration, good, bad float64) {
		for end := p.now.Add(d); p.now.Before(end); {
			p.run(15*time.Second, good, bad)
		}
	}
	each(2*time.Hour, 1000, 0)
	each(time.Hour, 0, 1000)
	each(30*time.Minute, 1000, 0)
	if n := p.fired(alerts.NameBurn) + p.fired(alerts.NameExhausted); n > 0 {
		t.Errorf("%d alerts", n)
	}
	// After it, an outage pages as late as at any time: 14.4 of the budget of an
	// hour, that is 0.0144 of its events, although but half an hour of it counts.
	begun := p.now
	for p.fired(alerts.NameBurn) == 0 && p.now.Before(begun.Add(5*time.Minute)) {
		p.run(15*time.Second, 0, 1000)
		p.Evaluate(p.now)
	}
	if took := p.now.Sub(begun); took < 15*time.Second || took > time.Minute {
		t.Errorf("an outage pages after %s", took)
	}
}

// A tier wants to see as much go in the hour after a maintenance as in any.
func TestTheHourAfterMaintenanceIsNoShorter(t *testing.T) {
	begin := func(edits ...edit) *tape {
		p := newTape(t, sunday, newSpec("shop", append(edits, promising("90%"))...))
		p.run(24*time.Hour, 1000, 0)
		return p
	}
	until := func(p *tape) time.Duration {
		begun := p.now
		for p.fired(alerts.NameBurn) == 0 && p.now.Before(begun.Add(12*time.Hour)) {
			p.now = p.now.Add(15 * time.Second)
			p.put(0, 1000)
			p.Evaluate(p.now)
		}
		return p.now.Sub(begun)
	}
	span := budget.Span{From: sunday.Add(22 * time.Hour), To: sunday.Add(24*time.Hour - time.Minute)}
	if plain, after := until(begin()), until(begin(excluding("planned", span))); after < plain || after > plain+time.Minute {
		t.Errorf("a page comes after %s, after maintenance after %s", plain, after)
	}
}

// Who is down for maintenance sends nothing, and has ten minutes to come back.
func TestSilenceInMaintenanceIsExcused(t *testing.T) {
	span := budget.Span{From: sunday.Add(time.Hour), To: sunday.Add(3 * time.Hour)}
	p := newTape(t, sunday, newSpec("shop", excluding("planned", span)))
	p.run(time.Hour-4*time.Minute, 1000, 0)
	tick := func(until time.Duration) {
		for p.now.Before(sunday.Add(until)) {
			p.now = p.now.Add(5 * time.Second)
			p.Evaluate(p.now)
		}
	}
	tick(3*time.Hour + 6*time.Minute)
	if p.fired(alerts.NameNoData) > 0 || p.shop().State != StateOK {
		t.Errorf("%s at %s", p.shop().State, p.now)
	}
	tick(3*time.Hour + 6*time.Minute + 10*time.Second)
	if p.fired(alerts.NameNoData) != 1 || p.shop().State != StateNoData {
		t.Errorf("%s at %s", p.shop().State, p.now)
	}
}

// A group that a matcher does not name is not adjusted.
func TestAnAdjustmentOfOneGroup(t *testing.T) {
	text := "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: availability}\n" +
		"spec: {service: shop, objective: 99%, window: 1d, groupBy: [code], sli: {ratio: {total: requests_total, bad: 'requests_total{code=\"500\"}'}}}\n" +
		"---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: one}\n" +
		"spec: {select: ['code=\"500\"'], reason: test, from: 2026-03-01T00:10:00Z, to: 2026-03-01T00:20:00Z}\n"
	specs, problems := slo.Load("a.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	p := newTape(t, sunday, specs...)
	p.run(time.Hour, 100, 10)
	for _, in := range p.Evaluate(p.now).Instances {
		want := 240 * 100.
		if in.Group["code"] == "500" {
			want = 200 * 10
		}
		if in.Period.Counts.Total != want || (in.Adjusted != nil) != (in.Group["code"] == "500") {
			t.Errorf("%v counts %+v, adjusted %+v", in.Group, in.Period.Counts, in.Adjusted)
		}
	}
}

// Where a silence counts as bad, the part of it that is excluded does not.
func TestExcludedSilenceIsNotBad(t *testing.T) {
	span := budget.Span{From: sunday.Add(26 * time.Hour), To: sunday.Add(30 * time.Hour)} // still going on
	bad := func(s *slo.Spec) { s.Alerting.Terms.NoData.Policy = slo.BadNoData }
	var left [2]float64
	for i, edits := range [][]edit{{bad, excluding("m", span)}, {bad}} {
		p := newTape(t, sunday, newSpec("shop", append(edits, promising("90%"), over(slo.Window{Rolling: 24 * time.Hour}))...))
		p.run(25*time.Hour, 1000, 0)
		for p.now.Before(sunday.Add(29 * time.Hour)) {
			p.now = p.now.Add(time.Minute)
			p.Evaluate(p.now)
		}
		left[i] = *p.shop().Remaining
	}
	// An hour of 21 that count, and four of 24: a tenth of each may be bad.
	if math.Abs(left[0]-(1-10./21)) > 0.01 || math.Abs(left[1]-(1-40./24)) > 0.01 {
		t.Errorf("left %v, want %v and %v", left, 1-10./21, 1-40./24)
	}
}
