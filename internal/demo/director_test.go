package demo

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// tell runs the story on a sim, in virtual time.
func tell(t *testing.T, m *sim) (out string, err error) {
	t.Helper()
	p := mustPlan(t)
	start := time.Now()
	m.plan, m.now, m.started = p, time.Now, start
	var b strings.Builder
	d := director{plan: p, story: newStory(p, start, start), stage: m, watch: m.watch, lines: &timeline{out: &b, plan: p}}
	ctx, cancel := context.WithTimeoutCause(t.Context(), p.limit, errTimeOver)
	defer cancel()
	err = d.run(ctx)
	return b.String(), err
}

func TestLoopCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &sim{}
		out, err := tell(t, m)
		if err != nil {
			t.Fatalf("run: %v\n%s", err, out)
		}
		for _, want := range []string{
			"traffic begins",
			"v2 FAILS",
			"DETECTED after 2.16 s: the heal tier of checkout:availability fires",
			"DECIDED after 3.16 s: shift 100% of v2 to v1",
			"ACTED after 3.16 s: the gateway has it, v2 gets 0 % of the traffic",
			"VERIFIED after 10.16 s",
			"HEALTHY: the last bad request was counted 3.",
			"v2 IS REPAIRED by its team, 14.",
			"UNDO after 20.25 s: v2 gets 12 % of the traffic",
			"UNDO after 25.25 s: v2 gets 25 % of the traffic",
			"UNDONE after 30.16 s: the gateway is as it was before",
			"equal",
			"spent in the incident                         151       0.29 %",
			"had v2 failed on at this rate for 5m        13", // and some: the last bad second is a poll late
			"960 bad requests saved",
			"The loop closed: detected, healed, verified, undone, nobody was paged",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("the timeline does not say %q", want)
			}
		}
		if took := time.Since(m.started); took > 75*time.Second {
			t.Errorf("the story took %s", took)
		}
		if t.Failed() {
			t.Log(out)
		}
	})
}

// Each way in which the loop can stay open has an error of its own.
func TestLoopStaysOpen(t *testing.T) {
	tests := []struct {
		name string
		sim  sim
		want error
		text string
	}{
		{"never fired", sim{neverFires: true}, ErrNotDetected, "no heal tier of checkout:availability within"},
		{"never acted", sim{neverActs: true}, ErrNotHealed, "there is no action"},
		{"acted and failed", sim{failedAction: true}, ErrNotHealed, "is failed, gateway_refused"},
		{"acted in vain", sim{actsInVain: true}, ErrNotHealed, "the gateway still sends 50 % of the traffic to v2"},
		{"never proved", sim{neverProves: true}, ErrNotProved, "is verifying"},
		{"never undone", sim{neverUndoes: true}, ErrNotUndone, "is held, helped, and v2 gets 0 %"},
		{"contested", sim{contested: true}, ErrNotUndone, "is contested"},
		{"never resolved", sim{neverResolves: true}, ErrNotResolved, "checkout:latency in Alertmanager"},
		{"paged before", sim{pagesEarly: true}, ErrPagedEarly, "tier page_fast"},
		{"acted before", sim{actsEarly: true}, ErrActedEarly, "shift 100% of v2 to v1"},
		{"counts nothing", sim{countsNothing: true}, ErrNotCounted, "in 20s"},
		{"counts differ", sim{lost: 2}, ErrCountsDiffer, "checkout:latency: engine"},
		{"gateway gone", sim{gone: true}, ErrNoGateway, "wrk has ended"},
		{"falls silent", sim{blind: true}, ErrNotReady, "connection refused"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := test.sim
				out, err := tell(t, &m)
				if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
					t.Errorf("run = %v, want %q with %q\n%s", err, test.want, test.text, out)
				}
				if took := time.Since(m.started); took > defaultFor {
					t.Errorf("the story took %s, beyond its bound", took)
				}
				if err != nil && !strings.Contains(out, err.Error()) {
					t.Errorf("the timeline does not end with the error:\n%s", out)
				}
			})
		})
	}
}

// A machine so slow that somebody is paged before the engine has healed: the
// loop closes when the page has ended, and the end says so.
func TestPagedAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &sim{pages: true}
		out, err := tell(t, m)
		if err != nil {
			t.Fatalf("run: %v\n%s", err, out)
		}
		for _, want := range []string{"PAGE fires after", "the page of checkout:latency has ended", "4 pages fired and ended"} {
			if !strings.Contains(out, want) {
				t.Errorf("the timeline does not say %q:\n%s", want, out)
			}
		}
	})
}

// An engine that does not show the demo's SLOs is told so by name.
func TestSLOsNotLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mustPlan(t)
		start := time.Now()
		d := director{
			plan: p, story: newStory(p, start, start), stage: &sim{plan: p, now: time.Now}, lines: &timeline{out: t.Output(), plan: p},
			watch: func(context.Context) (view, error) { return view{cast: p.cast}, nil },
		}
		err := d.run(t.Context())
		if !errors.Is(err, ErrNotReady) || !strings.Contains(err.Error(), "gateway:availability") {
			t.Errorf("run = %v, want ErrNotReady with the ids", err)
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mustPlan(t)
		m := &sim{plan: p, now: time.Now, started: time.Now()}
		ctx, cancel := context.WithCancel(t.Context())
		stop := time.AfterFunc(10*time.Second, cancel)
		defer stop.Stop()
		d := director{plan: p, story: newStory(p, m.started, m.started), stage: m, watch: m.watch, lines: &timeline{out: t.Output(), plan: p}}
		err := d.run(ctx)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "while healthy") {
			t.Errorf("run = %v, want a cancellation while healthy", err)
		}
	})
}
