package demo

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// header says what will happen, on which ports, and where to look.
func (t *timeline) header(o Options, s *shop) {
	earliest, latest := t.plan.detection()
	fmt.Fprintf(t.out, `slo-engine demo: a shop serves shoppers, a release breaks it, the engine pages,
the release is rolled back, and the engine falls silent again. At most %[1]s.

  shop     gateway      %[2]s  half to v1, half to v2; Prometheus remote write
           checkout v1  %[3]s  OTLP over gRPC to %[4]s
           checkout v2  %[5]s  OTLP over HTTP to %[6]s
  engine   %[7]s

  curl -s %[2]s/pay -o /dev/null -w '%%{http_code}\n'
  curl -s %[7]s/api/v1/slos
  curl -s %[7]s/api/v1/alerts
  curl -s %[7]s/alertmanager/api/v2/alerts

The shop gets %[8]d requests/s. After %[9]s of good traffic v2 answers %.0[10]f %% of its
requests with a slow 503: %.0[11]f %% of all. The objective is 99.5 %%, over a window of 1d:
a thirtieth of the usual 30d, and so the alert windows are a thirtieth as well.
Tier %[12]s burns above %[13]g times the budget over %[14]s and over %[15]s; what was not yet
observed counts as good. %.1[16]f · t / %.0[17]f s > %[13]g · 0.5 %% makes it %[18]s after the
failure, or up to %[19]s with the proof asked of little traffic, a push and a tick.

traffic, errors: the gateway's, as the engine counted them. burn, budget: the worst SLO's.

`, t.plan.limit, s.front.url, s.behind[0].url, o.OTLPGRPC, s.behind[1].url, o.OTLPHTTP, o.EngineURL,
		t.plan.rate, short(t.plan.warmUp.Round(time.Second)), 100*t.plan.failing, 100*t.plan.badShare(),
		t.plan.page.name, t.plan.page.factor, short(t.plan.page.long), short(t.plan.page.short),
		t.plan.badShare(), t.plan.page.long.Seconds(), seconds(earliest), seconds(latest))
}

// summary prints both books and the times, once the loop closed.
func (t *timeline) summary(s *story, v view) {
	earliest, latest := t.plan.detection()
	fmt.Fprintln(t.out)
	t.line(plain, "%-24s %-32s %-32s", "events under load", "counted by the engine", "served by the shop")
	counted := s.counted(v)
	for _, id := range sloIDs {
		t.line(plain, "%-24s %-32s %-32s %s", id, counted[id], v.served[id], verdict(counted[id] == v.served[id]))
	}
	fmt.Fprintln(t.out)
	t.line(plain, "detection   %s measured, %s to %s expected", seconds(least(s.paged)), seconds(earliest), seconds(latest))
	t.line(plain, "resolution  %s after the rollback", seconds(most(s.resolved)))
	t.line(good, "The loop closed: paged, delivered, rolled back, resolved, and every event counted.")
}

func verdict(equal bool) string {
	if equal {
		return "equal"
	}
	return "DIFFERENT"
}

// least is the time of the first, most that of the last.
func least(m map[string]time.Duration) time.Duration {
	return slices.Min(slices.Collect(maps.Values(m)))
}
func most(m map[string]time.Duration) time.Duration {
	return slices.Max(slices.Collect(maps.Values(m)))
}
