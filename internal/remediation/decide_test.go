package remediation

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// book is a playbook for a service, with actions.
func book(remedies ...slo.Remedy) *slo.Remediation {
	on, err := slo.ParseMatchers(`service=~"check.*"`)
	if err != nil {
		panic(err)
	}
	return &slo.Remediation{Name: "p", On: on, Remedies: remedies, Guards: slo.RemedyGuards{Cooldown: 10 * time.Minute, MaxShift: 1}}
}

var (
	shift   = slo.Remedy{Gateway: "haproxy", Kind: slo.RemedyShift, From: "v2", To: "v1"}
	eject   = slo.Remedy{Gateway: "haproxy", Kind: slo.RemedyEject, MemberLabel: "node"}
	breaker = slo.Remedy{Gateway: "kong", Kind: slo.RemedyBreaker, Dependency: "d"}
	weak    = slo.Remedy{Gateway: "kong", Kind: slo.RemedyBreaker, Dependency: "d", Weak: true}
	rates   = slo.Remedy{Gateway: "sampling", Kind: slo.RemedySampling}
)

// ours is an alert of this engine.
func ours(severity, tier string, more ...string) Alert {
	a := Alert{Fingerprint: "checkout:a/" + tier, Ours: true, Since: noon, Labels: map[string]string{
		"service": "checkout", "slo_id": "checkout:a", "severity": severity, "tier": tier,
	}}
	for i := 0; i < len(more); i += 2 {
		a.Labels[more[i]] = more[i+1]
	}
	return a
}

func known(p *slo.Remediation, alerts ...Alert) Known {
	return Known{
		Now: noon.Add(time.Second), Mode: ModeEnforce, Playbooks: []*slo.Remediation{p},
		View: View{Alerts: alerts, Instances: map[string]Instance{"checkout:a": {Known: true, Burning: true}}},
	}
}

func TestGrade(t *testing.T) {
	elsewhere := ours("critical", "")
	elsewhere.Ours = false
	nothing := elsewhere
	nothing.Labels = map[string]string{"service": "checkout"}
	for _, c := range []struct {
		alert  Alert
		remedy slo.Remedy
		want   Reason
	}{
		{ours("critical", "page_fast"), shift, ""},
		{ours("critical", "page_fast"), breaker, ""},
		{ours("", "heal"), shift, ""},
		{ours("", "heal"), breaker, ""},
		{ours("warning", "ticket_fast"), shift, ReasonWarning},
		{ours("warning", "ticket_fast"), breaker, ReasonWarning},
		{ours("warning", "ticket_fast"), weak, ""},
		{ours("warning", "ticket_fast"), rates, ""},
		{ours("info", "budget"), rates, ReasonInfo},
		{elsewhere, shift, ""},
		{nothing, shift, ReasonInfo},
	} {
		if got := grade(c.alert, c.remedy); got != c.want {
			t.Errorf("%v, %s: got %q, want %q", c.alert.Labels, c.remedy.Kind, got, c.want)
		}
	}
}

// one is the only decision.
func one(t *testing.T, k Known) Decision {
	t.Helper()
	list := Decide(k)
	if len(list) != 1 {
		t.Fatalf("got %d decisions", len(list))
	}
	return list[0]
}

func TestDecideHolds(t *testing.T) {
	alert := ours("critical", "page_fast")
	for name, c := range map[string]struct {
		change func(*Known)
		want   Reason
	}{
		"acts":     {func(*Known) {}, ""},
		"off":      {func(k *Known) { k.Mode = ModeOff }, ReasonOff},
		"no mode":  {func(k *Known) { k.Mode = "" }, ReasonOff},
		"paused":   {func(k *Known) { k.Paused = "ann" }, ReasonPaused},
		"frozen":   {func(k *Known) { k.View.Alerts[0].Frozen = true }, ReasonNoEvidence},
		"cold":     {func(k *Known) { k.View.Instances["checkout:a"] = Instance{} }, ReasonNoEvidence},
		"gone":     {func(k *Known) { delete(k.View.Instances, "checkout:a") }, ReasonNoEvidence},
		"own":      {func(k *Known) { k.View.Alerts[0].Ours = false }, ReasonOwnAlert},
		"advise":   {func(k *Known) { k.Autonomy = map[string]Autonomy{"checkout": {Level: Advise}} }, ReasonAdvise},
		"no label": {func(k *Known) { k.Playbooks[0] = book(eject) }, ReasonNoMember},
		"muted": {func(k *Known) {
			k.Muted = func(labels map[string]string) (string, bool) { return "s", labels["severity"] == "critical" }
		}, ReasonMuted},
	} {
		k := known(book(shift), alert)
		c.change(&k)
		if d := one(t, k); d.Reason != c.want {
			t.Errorf("%s: got %q, want %q", name, d.Reason, c.want)
		}
	}
}

// Heal wakes nobody and has no severity: what silences the page holds it, too.
func TestHealIsMutedWithThePage(t *testing.T) {
	k := known(book(shift), ours("", "heal"))
	var asked map[string]string
	k.Muted = func(labels map[string]string) (string, bool) { asked = labels; return "s", true }
	if d := one(t, k); d.Reason != ReasonMuted || asked["severity"] != "critical" || asked["tier"] != "" {
		t.Errorf("got %q, asked about %v", d.Reason, asked)
	}
}

func TestDecideAsks(t *testing.T) {
	k := known(book(shift), ours("critical", "page_fast"))
	k.Autonomy = map[string]Autonomy{"checkout": {Level: Ask}}
	if d := one(t, k); d.Reason != "" || !d.Approval || d.DryRun {
		t.Errorf("got %+v", d)
	}
	k = known(book(shift), ours("critical", "page_fast"))
	k.Mode = ModeDryRun
	if d := one(t, k); d.Reason != "" || d.Approval || !d.DryRun {
		t.Errorf("got %+v", d)
	}
}

func TestDecideOnce(t *testing.T) {
	list := Decide(known(book(shift), ours("", "heal"), ours("critical", "page_fast")))
	if len(list) != 2 || list[0].Alert.Tier() != "page_fast" || list[0].Reason != "" || list[1].Reason != ReasonRepresented {
		t.Errorf("got %+v", list)
	}
	// Two nodes are two efforts.
	a, b := ours("critical", "x", "node", "n1"), ours("critical", "y", "node", "n2")
	for _, d := range Decide(known(book(eject), a, b)) {
		if d.Reason != "" {
			t.Errorf("got %q", d.Reason)
		}
	}
}

func TestStep(t *testing.T) {
	helped := breaker
	helped.AfterSuccess = true
	alert := ours("critical", "page_fast")
	record := func(step int, state State, effect Reason) Record {
		return Record{
			ID: "x", Playbook: "p", Service: "checkout", Step: step, State: state, Effect: effect,
			Alert: alert.Fingerprint, Since: alert.Since, Created: noon, Updated: noon,
		}
	}
	earlier := func(r Record, ago time.Duration) Record {
		r.Alert, r.Created, r.Updated = "another", noon.Add(-ago), noon.Add(-ago)
		return r
	}
	for name, c := range map[string]struct {
		book   *slo.Remediation
		record Record
		step   int
		want   Reason
	}{
		"on its way":        {book(shift, breaker), record(0, Verifying, ""), 0, ReasonInProgress},
		"waits for a yes":   {book(shift, breaker), record(0, Awaiting, ""), 0, ReasonInProgress},
		"holds":             {book(shift, breaker), record(0, Holding, ReasonHelped), 0, ReasonHolding},
		"and then":          {book(shift, helped), record(0, Holding, ReasonHelped), 1, ""},
		"did not help":      {book(shift, breaker), record(0, Undone, ReasonNotHelped), 1, ""},
		"made it worse":     {book(shift, breaker), record(0, Undone, ReasonWorse), 1, ""},
		"failed":            {book(shift, breaker), record(0, Failed, ""), 1, ""},
		"only if it helped": {book(shift, helped), record(0, Failed, ""), 0, ReasonAllTried},
		"all tried":         {book(shift, breaker), record(1, Undone, ReasonNotHelped), 1, ReasonAllTried},
		"has helped":        {book(shift, breaker), record(0, Undone, ReasonHelped), 0, HeldDecided},
		"contested":         {book(shift, breaker), record(0, Contested, ""), 0, HeldDecided},
		"rejected":          {book(shift, breaker), record(0, Rejected, ""), 0, HeldDecided},
		"rehearsed":         {book(shift, breaker), record(0, Rehearsed, ""), 0, HeldDecided},
		"heal before page":  {book(shift, breaker), earlier(record(0, Undone, ReasonNotHelped), time.Minute), 1, ""},
		"long ago":          {book(shift, breaker), earlier(record(0, Undone, ReasonNotHelped), time.Hour), 0, ""},
		"helped lately":     {book(shift, breaker), earlier(record(0, Undone, ReasonHelped), time.Minute), 0, ""}, // the cooldown holds it
		"shorter now":       {book(shift), record(1, Undone, ReasonNotHelped), 0, ""},
	} {
		k := known(c.book, alert)
		k.Records = []Record{c.record}
		if d := one(t, k); d.Step != c.step || d.Reason != c.want {
			t.Errorf("%s: got step %d, %q", name, d.Step, d.Reason)
		}
	}
}

func TestAutonomy(t *testing.T) {
	list := func(effects ...Reason) (records []Record) {
		for i, e := range effects {
			records = append([]Record{{Effect: e, Created: noon.Add(time.Duration(i+1) * time.Minute)}}, records...) // the newest first
		}
		return records
	}
	const bad, good = ReasonNotHelped, ReasonHelped
	for _, c := range []struct {
		set     Level
		effects []Reason
		want    Level
	}{
		{"", nil, Auto},
		{"", []Reason{bad}, Auto},
		{"", []Reason{bad, ReasonWorse}, Ask},
		{"", []Reason{bad, good, bad}, Auto},
		{"", []Reason{bad, bad, bad}, Ask},
		{"", []Reason{bad, bad, bad, bad}, Advise},
		{"", []Reason{bad, bad, bad, bad, bad, bad}, Advise},
		{"", []Reason{bad, bad, good, good, good}, Auto},
		{"", []Reason{bad, ReasonNotShown, ReasonElsewhere, ""}, Auto},
		{Advise, []Reason{good, good, good}, Ask},
		{Ask, nil, Ask},
	} {
		if got := (Autonomy{Level: c.set}).After(list(c.effects...)); got != c.want {
			t.Errorf("%q after %q: got %q, want %q", c.set, c.effects, got, c.want)
		}
	}
	// What a person has set holds from then on.
	set := Autonomy{Level: Auto, At: noon.Add(10 * time.Minute)}
	if got := set.After(list(bad, bad, bad, bad)); got != Auto {
		t.Errorf("got %q", got)
	}
}

func TestStorm(t *testing.T) {
	alerts := func(n int, apart time.Duration) (list []Alert) {
		for i := range n {
			list = append(list, Alert{Ours: true, Since: noon.Add(time.Duration(i) * apart), Labels: map[string]string{
				"service": fmt.Sprint("s", i), "severity": "critical", "node": "n1", "rack": fmt.Sprint(i % 2),
			}})
		}
		return list
	}
	for _, c := range []struct {
		alerts []Alert
		now    time.Duration
		want   string
		storm  bool
	}{
		{alerts(4, time.Second), time.Minute, "", false},
		{alerts(5, time.Second), time.Minute, "node=n1", true},
		{alerts(5, 20*time.Second), 2 * time.Minute, "", false},
		{alerts(5, time.Second), 5 * time.Minute, "node=n1", true},
		{alerts(5, time.Second), 7 * time.Minute, "", false},
	} {
		got, storm := Storm{}.blows(c.alerts, noon.Add(c.now))
		if got != c.want || storm != c.storm {
			t.Errorf("%d alerts, %s later: got %q, %v", len(c.alerts), c.now, got, storm)
		}
	}
	// Ten thousand alerts of one service are no storm, and take no time.
	many := alerts(10_000, time.Millisecond)
	for i := range many {
		many[i].Labels["service"] = "checkout"
	}
	begin := time.Now()
	k := known(book(shift), many...)
	if list := Decide(k); len(list) != 10_000 || time.Since(begin) > 10*time.Second {
		t.Errorf("%d decisions in %s", len(list), time.Since(begin))
	}
}

func TestSize(t *testing.T) {
	reading := func(v1, v2 Count) Reading {
		return Reading{
			Count: Count{v1.Bad + v2.Bad, v1.Total + v2.Total}, Budget: 0.001,
			Members: map[string]Count{"v1": v1, "v2": v2},
		}
	}
	for name, c := range map[string]struct {
		r                Reading
		below            float64
		share, predicted float64
		known            bool
	}{
		"worked":      {reading(Count{0, 500}, Count{10, 500}), 1, 0.95, 0.5, true},
		"half":        {reading(Count{0, 900}, Count{2, 100}), 1.2, 0.5, 1, true},
		"not enough":  {reading(Count{4, 500}, Count{500, 500}), 1, 1, 8, true},
		"as bad":      {reading(Count{5, 500}, Count{5, 500}), 1, 0, 10, true},
		"worse there": {reading(Count{9, 500}, Count{5, 500}), 1, 0, 14, true},
		"no members":  {Reading{Count: Count{1, 2}, Budget: 0.001}, 1, 0, 0, false},
		"no traffic":  {reading(Count{0, 500}, Count{}), 1, 0, 0, false},
	} {
		share, predicted, known := Size(c.r, "v2", "v1", c.below)
		if math.Abs(share-c.share) > 1e-9 || math.Abs(predicted-c.predicted) > 1e-9 || known != c.known {
			t.Errorf("%s: got %g, %g, %v", name, share, predicted, known)
		}
	}
}

func TestFit(t *testing.T) {
	members := []actuator.Member{{Name: "v1", Share: 0.2}, {Name: "v2", Share: 0.8}}
	from := actuator.Action{From: "v2", To: "v1"}
	auto, fixed := shift, shift
	fixed.Share = 0.5
	for name, c := range map[string]struct {
		remedy slo.Remedy
		action actuator.Action
		most   float64
		share  float64
		want   Reason
	}{
		"as much as may be": {auto, from, 1, 1, ""},
		"of all traffic":    {auto, from, 0.4, 0.5, ""},
		"fixed":             {fixed, from, 0.4, 0.5, ""},
		"fixed, too much":   {fixed, from, 0.3, 0, ReasonBlast},
		"eject":             {eject, actuator.Action{Member: "v1"}, 0.3, 0, ""},
		"eject, too much":   {eject, actuator.Action{Member: "v2"}, 0.3, 0, ReasonBlast},
		"eject a stranger":  {eject, actuator.Action{Member: "v3"}, 0.3, 0, ReasonBlast},
		"a route":           {slo.Remedy{Kind: slo.RemedyClose}, actuator.Action{Route: "/"}, 0.3, 0, ""},
	} {
		share, reason := fit(c.remedy, c.action, members, Reading{}, 1, c.most)
		if math.Abs(share-c.share) > 1e-9 || reason != c.want {
			t.Errorf("%s: got %g, %q", name, share, reason)
		}
	}
}

func TestGuard(t *testing.T) {
	sick, well := false, true
	matchers, _ := slo.ParseMatchers(`slo="payments"`)
	plan := actuator.Plan{
		Before:  actuator.Live{Value: actuator.Value(`1`), Members: []actuator.Member{{Name: "v1", Share: .5, Healthy: &well}, {Name: "v2", Share: .5}}},
		After:   actuator.Value(`2`),
		Members: []actuator.Member{{Name: "v1", Share: 1, Healthy: &well}, {Name: "v2"}},
	}
	payments := map[string]string{"slo": "payments"}
	for name, c := range map[string]struct {
		change func(p *slo.Remediation, plan *actuator.Plan)
		view   View
		want   Reason
	}{
		"fine":         {func(*slo.Remediation, *actuator.Plan) {}, View{}, ""},
		"as it is":     {func(_ *slo.Remediation, plan *actuator.Plan) { plan.After = actuator.Value(`1`) }, View{}, ReasonNothingToDo},
		"too few left": {func(p *slo.Remediation, _ *actuator.Plan) { p.Guards.MinHealthy = 2 }, View{}, ReasonMinHealthy},
		"sick taker": {func(_ *slo.Remediation, plan *actuator.Plan) {
			plan.Before.Members = []actuator.Member{{Name: "v1", Share: .5, Healthy: &sick}}
		}, View{}, ReasonTargetSick},
		"no such SLO":   {func(p *slo.Remediation, _ *actuator.Plan) { p.Guards.RequireHealthy = matchers }, View{}, ReasonTargetDark},
		"SLO unknown":   {func(p *slo.Remediation, _ *actuator.Plan) { p.Guards.RequireHealthy = matchers }, View{Instances: map[string]Instance{"p": {Labels: payments}}}, ReasonTargetDark},
		"SLO burns":     {func(p *slo.Remediation, _ *actuator.Plan) { p.Guards.RequireHealthy = matchers }, View{Instances: map[string]Instance{"p": {Labels: payments, Known: true, Burning: true}}}, ReasonTargetSick},
		"SLO is fine":   {func(p *slo.Remediation, _ *actuator.Plan) { p.Guards.RequireHealthy = matchers }, View{Instances: map[string]Instance{"p": {Labels: payments, Known: true}}}, ""},
		"none of those": {func(_ *slo.Remediation, plan *actuator.Plan) { plan.Members = nil }, View{}, ""},
	} {
		p, changed := book(shift), plan
		p.Guards.MinHealthy = 1
		c.change(p, &changed)
		if got, _ := guard(p, actuator.Action{From: "v2", To: "v1"}, changed, c.view); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestJudge(t *testing.T) {
	terms := Terms{Proof: "x", BurnBelow: 1, MinEvents: 50, Window: 30 * time.Second, Within: 2 * time.Minute}
	reading := func(age time.Duration, bad, total float64) Reading {
		return Reading{From: noon, Until: noon.Add(age), Count: Count{bad, total}, Budget: 0.01}
	}
	for name, c := range map[string]struct {
		r     Reading
		later time.Duration
		want  Reason
	}{
		"too early":        {reading(20*time.Second, 0, 1000), 20 * time.Second, ""},
		"helped":           {reading(30*time.Second, 9, 1000), 30 * time.Second, ReasonHelped},
		"not yet":          {reading(30*time.Second, 10, 1000), 30 * time.Second, ""},
		"too few":          {reading(30*time.Second, 0, 49), 30 * time.Second, ""},
		"too few for good": {reading(2*time.Minute, 0, 49), 2 * time.Minute, ReasonNotShown},
		"nothing known":    {Reading{}, 2 * time.Minute, ReasonNotShown},
		"old news":         {reading(10*time.Second, 0, 1000), 2 * time.Minute, ReasonNotShown},
		"did not help":     {reading(2*time.Minute, 60, 1000), 2 * time.Minute, ReasonNotHelped},
		"worse":            {reading(30*time.Second, 100, 1000), 30 * time.Second, ReasonWorse},
	} {
		if got := judge(terms, 6, c.r, []string{"v1", "v2"}, noon, noon.Add(c.later)); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	r := reading(2*time.Minute, 60, 1000)
	r.Members = map[string]Count{"v1": {0, 500}, "v2": {5, 100}, "v3": {55, 400}}
	if got := judge(terms, 6, r, []string{"v1", "v2"}, noon, noon.Add(2*time.Minute)); got != ReasonElsewhere {
		t.Errorf("got %q", got)
	}
	if got := judge(Terms{}, 0, Reading{}, nil, noon, noon); got != ReasonUnproven {
		t.Errorf("got %q", got)
	}
}

// 100 of 1000 failed before; after the action 5 of 1000 do. Where the member
// that gave its traffic is well by now, nothing was spared.
func TestSpared(t *testing.T) {
	e := Evidence{Count: Count{100, 1000}, Members: map[string]Count{"v2": {100, 500}}}
	for _, c := range []struct {
		r    Reading
		want float64
	}{
		{Reading{Count: Count{5, 1000}}, 95},
		{Reading{Count: Count{500, 1000}}, 0},
		{Reading{Count: Count{5, 1000}, Members: map[string]Count{"v2": {5, 50}}}, 45},
		{Reading{Count: Count{0, 1000}, Members: map[string]Count{"v2": {0, 50}}}, 0},
	} {
		if got := spared(e, c.r, "v2"); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%+v: got %g, want %g", c.r, got, c.want)
		}
	}
}

// What a cold start does not know is no recovery.
func TestCause(t *testing.T) {
	rec := Record{Alert: "f", SLO: "checkout:a"}
	well := map[string]Instance{"checkout:a": {Known: true}}
	for name, c := range map[string]struct {
		view View
		want cause
	}{
		"fires":       {View{Alerts: []Alert{{Fingerprint: "f"}}, Instances: well}, fires},
		"frozen":      {View{Alerts: []Alert{{Fingerprint: "f", Frozen: true}}}, unknown},
		"ended":       {View{Alerts: []Alert{{Fingerprint: "f", Ended: noon}}}, quiet},
		"quiet":       {View{Instances: well}, quiet},
		"cold start":  {View{}, unknown},
		"not counted": {View{Instances: map[string]Instance{"checkout:a": {}}}, unknown},
	} {
		if got := c.view.cause(rec); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	if got := (View{}).cause(Record{Alert: "f"}); got != unknown {
		t.Errorf("an alert from elsewhere, after a restart: got %v", got)
	}
}

func TestEventOf(t *testing.T) {
	got := EventOf(Record{ID: "x", Revision: 3, State: Holding, Reason: ReasonHelped, Service: "checkout", Updated: noon}, "engine")
	want := Event{
		SpecVersion: "1.0", ID: "x-3", Source: "engine", Type: "dev.slo-engine.action.held", Subject: "checkout", Time: noon,
		DataContentType: "application/json", Data: Move{Action: "x", State: Holding, Reason: ReasonHelped, Service: "checkout"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
