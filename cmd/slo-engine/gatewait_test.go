package main

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

// saying is a verdict that holds for so long.
func saying(decision string, validFor time.Duration, code string) apitypes.GateVerdict {
	return apitypes.GateVerdict{
		Decision: decision, At: apitypes.Time{Time: apitest.Noon}, ValidUntil: apitypes.Time{Time: apitest.Noon.Add(validFor)},
		Reasons: []apitypes.GateReason{{Code: code, Text: code}},
	}
}

func TestWaiting(t *testing.T) {
	away := errors.New("connection refused")
	refusal := &client.Error{Problem: apitypes.Problem{Status: http.StatusForbidden}}
	closed := &client.Error{Problem: apitypes.Problem{Status: http.StatusServiceUnavailable}}
	const s = time.Second
	type answer struct {
		verdict apitypes.GateVerdict
		err     error
	}
	holds := answer{verdict: saying("hold", 30*s, "budget_remaining")}
	yes, no := answer{verdict: saying("allow", 30*s, "good")}, answer{verdict: saying("deny", 30*s, "burn_rate")}
	for name, c := range map[string]struct {
		atMost  time.Duration
		answers []answer // the last one again and again
		want    string   // the decision, or the error
		took    time.Duration
		asked   int
		said    int
	}{
		"asked once":                    {0, []answer{holds, yes}, "hold", 0, 1, 0},
		"at once":                       {time.Hour, []answer{yes}, "allow", 0, 1, 0},
		"a hold ends":                   {time.Hour, []answer{holds, holds, yes}, "allow", 60 * s, 3, 1},
		"a hold becomes a deny":         {time.Hour, []answer{holds, no}, "deny", 30 * s, 2, 1},
		"a hold stays":                  {100 * s, []answer{holds}, "hold", 100 * s, 5, 1},
		"the last question is an allow": {31 * s, []answer{holds, holds, yes}, "allow", 31 * s, 3, 1},
		"unknown passes":                {time.Hour, []answer{{verdict: saying("unknown", 5*s, "cold_start")}, yes}, "allow", 5 * s, 2, 1},
		"an answer of no duration":      {time.Hour, []answer{{verdict: saying("hold", -s, "x")}, yes}, "allow", s, 2, 1},
		"an answer of a day":            {time.Hour, []answer{{verdict: saying("hold", 24*time.Hour, "x")}, yes}, "allow", 30 * s, 2, 1},
		"nobody speaks of it":           {time.Hour, []answer{{verdict: saying("unknown", 5*s, "unknown_service")}, yes}, "unknown", 0, 1, 0},
		"the engine restarts":           {time.Hour, []answer{holds, {err: away}, {err: closed}, {err: away}, holds, yes}, "allow", (30 + 1 + 2 + 4 + 30) * s, 6, 5},
		"the engine is gone":            {time.Minute, []answer{{err: away}}, away.Error(), time.Minute, 8, 1},
		"it may not be asked":           {time.Hour, []answer{{err: refusal}}, refusal.Error(), 0, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				asked, said, began := 0, 0, time.Now()
				w := waiting{atMost: c.atMost, random: func() float64 { return 0 }, say: func(string) { said++ },
					ask: func(context.Context) (apitypes.GateVerdict, error) {
						a := c.answers[min(asked, len(c.answers)-1)]
						asked++
						return a.verdict, a.err
					},
				}
				v, err := w.run(t.Context())
				got := v.Decision
				if err != nil {
					got = err.Error()
				}
				if took := time.Since(began); got != c.want || took != c.took || asked != c.asked || said != c.said {
					t.Errorf("%s after %v, asked %d times, said %d things; want %s after %v, %d, %d", got, took, asked, said, c.want, c.took, c.asked, c.said)
				}
			})
		})
	}
}

// Those who wait for the same thing do not ask all at once, and none asks before
// its answer has run out.
func TestWaitingIsSpread(t *testing.T) {
	for random, want := range map[float64]time.Duration{0: 10 * time.Second, 0.5: 11 * time.Second, 0.999: 11998 * time.Millisecond} {
		w := waiting{random: func() float64 { return random }}
		if got := w.pause(saying("hold", 10*time.Second, ""), 0); got != want {
			t.Errorf("%v: %v, want %v", random, got, want)
		}
	}
}

// An interrupted question is never an allow.
func TestWaitingInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := waiting{atMost: time.Hour, random: func() float64 { return 0 }, say: func(string) {},
			ask: func(context.Context) (apitypes.GateVerdict, error) { return saying("hold", time.Minute, ""), nil }}
		time.AfterFunc(45*time.Second, cancel)
		began := time.Now()
		if v, err := w.run(ctx); v.Decision != "hold" || err != nil || time.Since(began) != 45*time.Second {
			t.Errorf("%s, %v after %v", v.Decision, err, time.Since(began))
		}
	})
}

func TestGateInterrupted(t *testing.T) {
	outsidePipelines(t)
	url := newGateStub().serve(t)
	for service, want := range map[string]int{"search": 75, "stock": 2} {
		ctx, cancel := context.WithCancel(t.Context())
		var out, err buffer
		ended := make(chan int, 1)
		go func() {
			ended <- run(ctx, []string{"gate", "--service", service, "--wait", "1h", "--on-unknown", "allow", "--url", url}, streams{&out, &err})
		}()
		eventually(t, func() bool { return strings.Contains(err.String(), "asking again") })
		cancel()
		if code := <-ended; code != want || !strings.Contains(err.String(), "interrupted") || out.String() != "" {
			t.Errorf("%s: exit code %d, %q %q", service, code, out.String(), err.String())
		}
	}
}

// The engine goes away and comes back while a pipeline waits.
func TestGateWaitsForARestart(t *testing.T) {
	outsidePipelines(t)
	g := newGateStub()
	g.policy.ValidFor = time.Second
	g.stand("checkout", "search")
	first := listen(t, "127.0.0.1:0")
	server := &http.Server{Handler: g.handler()}
	go func() { _ = server.Serve(first) }()
	var out, err buffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(t.Context(), []string{"gate", "--service", "checkout", "--wait", "10m", "--url", "http://" + first.Addr().String()}, streams{&out, &err})
	}()
	eventually(t, func() bool { return strings.Contains(err.String(), "hold: ") })
	_ = server.Close()
	eventually(t, func() bool { return strings.Contains(err.String(), "the engine cannot be asked") })
	g.stand("checkout", "checkout")
	again := &http.Server{Handler: g.handler()}
	t.Cleanup(func() { _ = again.Close() })
	second := listen(t, first.Addr().String())
	go func() { _ = again.Serve(second) }()
	if code := <-ended; code != 0 || !strings.HasPrefix(out.String(), "allow: ") {
		t.Errorf("exit code %d: %s%s", code, out.String(), err.String())
	}
}

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	var l net.Listener
	eventually(t, func() (ok bool) {
		var err error
		l, err = net.Listen("tcp", addr)
		return err == nil
	})
	return l
}

// buffer is one that is written and read at the same time.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("it does not come to that within a minute")
		}
		time.Sleep(10 * time.Millisecond) //lint:sleep the pause of a poll with a deadline
	}
}
