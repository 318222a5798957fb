package demo

import (
	"fmt"
	"strconv"
	"time"
)

// header says what will happen, on which ports, and where to look.
func (t *timeline) header(o Options, s *shop) {
	fmt.Fprintf(t.out, `slo-engine demo: a shop serves shoppers, a release breaks it, and the engine heals it:
it sends the traffic elsewhere, proves that this helps, and takes it back. At most %[1]s.

  shop     gateway      %[2]s  half to v1, half to v2; Prometheus remote write
           its control  %[9]s         weights, in the words of HAProxy's runtime API
           checkout v1  %[3]s  OTLP over gRPC to %[4]s
           checkout v2  %[5]s  OTLP over HTTP to %[6]s
  engine   %[7]s

  curl -s %[2]s/pay -o /dev/null -w '%%{http_code}\n'
  echo "show stat checkout 6 -1" | socat - tcp:%[9]s
  curl -s %[7]s/api/v1/slos
  curl -s %[7]s/api/v1/actions
  curl -s -N %[7]s/api/v1/events

The shop gets %[8]d requests/s. `, t.plan.limit, s.front.url, s.behind[0].url, o.OTLPGRPC, s.behind[1].url, o.OTLPHTTP, o.EngineURL,
		t.plan.rate, o.Premises.control.Addr())
	t.story("slow 503")
	fmt.Fprintln(t.out, "traffic, errors: the gateway's, as the engine counted them; to v2: what the gateway says. burn, budget: the worst SLO's.")
	fmt.Fprintln(t.out)
}

// proxyHeader is the same for a shop behind a real HAProxy.
func (t *timeline) proxyHeader(o Options, s *proxied) {
	fmt.Fprintf(t.out, `slo-engine demo: wrk asks a HAProxy, a release breaks one of its servers, and the engine heals it:
it sends the traffic elsewhere, proves that this helps, and takes it back. At most %[1]s.

  haproxy  http://%[2]s  half to v1, half to v2
           http://%[3]s/metrics  its own counters, which the engine scrapes each second
           %[4]s  its runtime API
  servers  v1 %[5]s  v2 %[6]s
  engine   %[7]s

  curl -s %[7]s/api/v1/slos
  curl -s %[7]s/api/v1/actions
  curl -s -N %[7]s/api/v1/events

wrk keeps four requests under way. `, t.plan.limit, s.premises.door.Addr(), s.premises.counters.Addr(), s.premises.socket,
		s.behind[0].url, s.behind[1].url, o.EngineURL)
	t.story("503")
	fmt.Fprintln(t.out, "traffic, errors: HAProxy's, as the engine counted them; to v2: what HAProxy says.")
	fmt.Fprintln(t.out)
}

// story is the arithmetic of the incident.
func (t *timeline) story(wrong string) {
	earliest, latest := t.plan.detection()
	fmt.Fprintf(t.out, `After %[1]s of good traffic v2 answers %.0[2]f %% of its requests
with a %[3]s: %.0[4]f %% of all. The objective is 99.5 %%, over a window of 1d: a thirtieth of the
usual 30d, and so the alert windows are a thirtieth as well. Tier %[5]s burns above %[6]g times
the budget over %[7]s and over %[8]s; what was not yet observed counts as good. %.1[9]f · t / %.0[10]f s >
%[6]g · 0.5 %% makes it %[11]s after the failure, or up to %[12]s with the proof asked of little
traffic, a push and a tick. The first page would fire after %[13]s.

`, short(t.plan.warmUp.Round(time.Second)), 100*t.plan.failing, wrong, 100*t.plan.badShare(),
		t.plan.heal.name, t.plan.heal.factor, short(t.plan.heal.long), short(t.plan.heal.short),
		t.plan.badShare(), t.plan.heal.long.Seconds(), seconds(earliest), seconds(latest), seconds(t.plan.page.after(t.plan)))
}

// summary prints the times, the costs and both books, once the loop closed.
func (t *timeline) summary(s *story, v view) {
	fmt.Fprintln(t.out)
	t.times(&s.incident)
	fmt.Fprintln(t.out)
	t.costs(&s.incident)
	fmt.Fprintln(t.out)
	t.books(s, v)
	fmt.Fprintln(t.out)
	paged := "nobody was paged"
	if len(s.paged) > 0 {
		paged = strconv.Itoa(len(s.paged)) + " pages fired and ended"
	}
	t.line(good, "The loop closed: detected, healed, verified, undone, %s, and every event counted.", paged)
}

// times lists when what happened.
func (t *timeline) times(i *incident) {
	t.line(plain, "%-12s %14s", "", "after failure")
	for _, row := range []struct {
		what, how string
		at        time.Time
	}{
		{"detected", "the heal tier fired", i.detected},
		{"decided", "the action was reserved, with its undo", i.decided},
		{"acted", "the gateway had it", i.acted},
		{"healthy", "the last bad request had been counted", i.lastBad},
		{"verified", "the events after it proved that it helps", i.verified},
		{"repaired", "the team's work, not the engine's", i.repaired},
		{"undone", "v2 had its traffic again", i.undone},
	} {
		t.line(plain, "%-12s %14s  %s", row.what, precise(i.since(row.at)), row.how)
	}
}

// costs compares what the incident cost with what it would have cost if nobody
// had done anything, for the time that people usually need.
func (t *timeline) costs(i *incident) {
	spent, unhealed := i.spent(), i.unhealed(t.plan.nobody)
	t.line(plain, "%-36s %12s %12s", "", "bad requests", "of budget")
	t.line(plain, "%-36s %12.0f %12s", "spent in the incident", spent.bad, share(spent.budget))
	t.line(plain, "%-36s %12.0f %12s", "had v2 failed on at this rate for "+short(t.plan.nobody), unhealed.bad, share(unhealed.budget))
	t.line(good, "%-36s %12.0f %12s", "saved", unhealed.bad-spent.bad, share(unhealed.budget-spent.budget))
	if i.saved != nil {
		t.line(plain, "The engine's own estimate, until it began to take the action back: %.0f bad requests saved.", *i.saved)
	}
}

func share(of float64) string { return fmt.Sprintf("%.2f %%", 100*of) }

// books prints both.
func (t *timeline) books(s *story, v view) {
	t.line(plain, "%-24s %-32s %-32s", "events under load", "counted by the engine", t.plan.cast.books)
	counted := s.counted(v)
	for _, id := range s.plan.cast.slos {
		t.line(plain, "%-24s %-32s %-32s %s", id, counted[id], v.served[id], verdict(counted[id] == v.served[id]))
	}
}

func verdict(equal bool) string {
	if equal {
		return "equal"
	}
	return "DIFFERENT"
}
