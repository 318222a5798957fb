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
			"traffic begins: 120 requests/s",
			"v2 fails",
			`PAGE fires after 21.8 s: gateway:availability{route="/cart"}, tier page_fast`,
			"Alertmanager has it: checkout:latency, 21.8 s after v2 failed",
			"v2 recovers: rolled back 24.8 s after it failed",
			"alert resolved after 8.2 s: checkout:latency",
			"equal",
			"detection   21.8 s measured, 21.6 s to",
			"The loop closed",
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
		{"never fired", sim{neverPages: true}, ErrNotPaged, "no page of gateway:availability, checkout:availability, checkout:latency within"},
		{"never delivered", sim{neverDelivers: true}, ErrNotDelivered, "checkout:latency within"},
		{"never resolved", sim{neverResolves: true}, ErrNotResolved, "checkout:latency in Alertmanager"},
		{"fired before", sim{pagesEarly: true}, ErrPagedEarly, "tier page_fast"},
		{"counts nothing", sim{countsNothing: true}, ErrNotCounted, "in 30s"},
		{"counts differ", sim{lost: 2}, ErrCountsDiffer, "checkout:latency: engine"},
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

// An engine that does not show the demo's SLOs is told so by name.
func TestSLOsNotLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := mustPlan(t)
		start := time.Now()
		d := director{
			plan: p, story: newStory(p, start, start), stage: &sim{}, lines: &timeline{out: t.Output(), plan: p},
			watch: func(context.Context) (view, error) { return view{}, nil },
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
		stop := time.AfterFunc(20*time.Second, cancel)
		defer stop.Stop()
		d := director{plan: p, story: newStory(p, m.started, m.started), stage: m, watch: m.watch, lines: &timeline{out: t.Output(), plan: p}}
		err := d.run(ctx)
		if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "while healthy") {
			t.Errorf("run = %v, want a cancellation while healthy", err)
		}
	})
}
