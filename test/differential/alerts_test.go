package differential

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

const tick = time.Second

// TestAlertsChangeWithThoseOfRules plays an incident to the engine and to a
// Prometheus that evaluates burn-rate rules every second, and wants the
// alerts of both to begin and end together. It takes nearly three minutes,
// which -short leaves out.
func TestAlertsChangeWithThoseOfRules(t *testing.T) {
	if testing.Short() {
		return
	}
	t.Parallel()
	p := openPager(t)
	b := startBoth(t, alertingSLOs(), fmt.Sprintf("alerting: {alertmanagers: [{url: '%s'}]}\n", p.url), lab.PrometheusOptions{
		ExtraArgs: anchoring,
		Files:     map[string]string{"plain.yml": alertingRules(""), "anchored.yml": alertingRules(" anchored")},
	})
	began, late := play(t, b)
	j := &judgement{pager: p, began: began, late: late}
	for _, modifier := range []string{"", " anchored"} {
		j.rules = append(j.rules, heard(t, b.prom, flavour(modifier)))
	}
	j.compare(t, "loud", tick, expected{
		{"loud", "day", "critical"}:        2,
		{"loud", "half-shift", "critical"}: 2,
		{"loud", "half-shift", "warning"}:  2,
	})
	j.compare(t, "slow", tick, expected{{"slow", "half-shift", "critical"}: 2})
	// A set that is taken in the first quarter of a second is not yet whole at
	// the next tick: the engine waits for the tick after it.
	j.compare(t, "early", 2*tick, expected{
		{"early", "day", "critical"}:        2,
		{"early", "half-shift", "critical"}: 2,
		{"early", "half-shift", "warning"}:  2,
	})
	j.oneErrorPagesNobody(t)
	j.unseenCountsAsGood(t)
	t.Logf("samples arrived at most %s late, alerts %s", late.Round(time.Millisecond), p.late.Round(time.Millisecond))
}

// judgement compares the engine's alerts with those of the rules.
type judgement struct {
	*pager
	rules []*evaluated
	began time.Time
	late  time.Duration
}

// expected is how often alerts change.
type expected map[alert]int

// compare wants a service's alerts to change as often as expected, and each
// change to lie near that of the rules.
func (j *judgement) compare(t *testing.T, service string, behind time.Duration, want expected) {
	t.Helper()
	for _, w := range alertingWindows {
		for _, severity := range []string{"critical", "warning"} {
			name := alert{service, w.name, severity}
			for _, r := range j.rules {
				engine, rules := j.of(name), r.of(name)
				t.Logf("%v: engine %s, %s rules %s", name, j.tell(engine), r.flavour, j.tell(rules))
				if len(engine) != want[name] || len(rules) != want[name] {
					t.Errorf("%v changes %d times in the engine and %d times by %s rules, want %d", name, len(engine), len(rules), r.flavour, want[name])
					continue
				}
				for i := range engine {
					j.near(t, name, r, engine[i], rules[i], behind)
				}
			}
		}
	}
}

// near bounds how far a change of the engine lies from that of the rules. It
// may be later by a tick, and by what the samples were late: then one tick
// misses what an evaluation between two ticks has seen. It may be earlier by a
// tick, by an evaluation that Prometheus left out, and for rules that are not
// anchored by the two sample intervals that rate() does not look at.
func (j *judgement) near(t *testing.T, name alert, r *evaluated, engine, rules change, behind time.Duration) {
	t.Helper()
	later := engine.at.Sub(rules.at)
	ahead := r.longest
	if r.flavour == "plain" {
		behind, ahead = behind+2*sampleEvery, ahead+2*sampleEvery
	}
	if engine.firing != rules.firing || later > behind+j.late || later < -ahead-j.late {
		t.Errorf("%v: the engine's change to %v is %s after that of %s rules, want -%s to %s",
			name, engine.firing, later, r.flavour, ahead, behind)
	}
}

// oneErrorPagesNobody: of forty requests in twenty seconds one failed, which
// is 25 times the budget. Rules page; the engine has no proof.
func (j *judgement) oneErrorPagesNobody(t *testing.T) {
	t.Helper()
	name := alert{"quiet", "half-shift", "critical"}
	if changes := j.of(name); len(changes) != 0 {
		t.Errorf("%v: the engine paged for one error: %s", name, j.tell(changes))
	}
	for _, r := range j.rules {
		if len(r.of(name)) != 2 {
			t.Errorf("%v: %s rules changed %d times, want a page and its end", name, r.flavour, len(r.of(name)))
		}
	}
}

// unseenCountsAsGood: of a service that nobody had seen before, the engine
// takes the past for good. It pages when it does for one with a good past;
// rules look only at what there is, and page seconds after the first failure.
func (j *judgement) unseenCountsAsGood(t *testing.T) {
	t.Helper()
	for _, slo := range []string{"day", "half-shift"} {
		fresh, loud := j.of(alert{"fresh", slo, "critical"}), j.of(alert{"loud", slo, "critical"})
		if len(fresh) != len(loud) {
			t.Errorf("%s: the engine's page changes %d times for a fresh service, %d times for one with a past", slo, len(fresh), len(loud))
			continue
		}
		for i := range fresh {
			if off := fresh[i].at.Sub(loud[i].at).Abs(); off > tick+j.late {
				t.Errorf("%s: change %d of a fresh service is %s from that of one with a past", slo, i, off)
			}
		}
	}
	name := alert{"fresh", "day", "critical"}
	for _, r := range j.rules {
		engine, rules := j.of(name), r.of(name)
		t.Logf("%v: engine %s, %s rules %s", name, j.tell(engine), r.flavour, j.tell(rules))
		if len(engine) == 0 || len(rules) == 0 || engine[0].at.Sub(rules[0].at) < 5*time.Second {
			t.Errorf("%v: %s rules did not page well before the engine", name, r.flavour)
		}
	}
}

// tell writes changes as seconds of the story.
func (j *judgement) tell(list []change) string {
	var parts []string
	for _, c := range list {
		what := "ends"
		if c.firing {
			what = "begins"
		}
		parts = append(parts, fmt.Sprintf("%s at %.1fs", what, c.at.Sub(j.began).Seconds()))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
