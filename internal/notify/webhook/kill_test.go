package webhook_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/notify/webhook"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/test/lab"
)

// The test binary works for its parent when these are set, until it is killed.
const (
	workIn = "SLO_ENGINE_WEBHOOK_WORK" // a state file
	workTo = "SLO_ENGINE_WEBHOOK_URL"
	workAs = "SLO_ENGINE_WEBHOOK_ROUND"
)

// services is how many alerts there are, of which some fire at each tick.
const services = 5

// firingAt is what fires at a tick of a round, the same for whoever asks.
func firingAt(round string, tick int) (list []webhook.Alert) {
	for i := range services {
		if (tick/(i+2))%2 == 0 && !(round == "end") {
			list = append(list, burn(fmt.Sprintf("s%d:a", i), alerts.Critical, "page_fast", noon))
		}
	}
	return list
}

// work is an engine whose alerts begin and end all the time, until it is killed.
func work() {
	s, err := state.Open(context.Background(), state.Options{DSN: os.Getenv(workIn), Patience: time.Minute})
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	round, w := os.Getenv(workAs), &world{}
	o := options(s, webhook.Receiver{Name: "hook", URL: os.Getenv(workTo)})
	o.Firing, o.Recheck = w.Firing, 20*time.Millisecond
	d, err := webhook.New(o)
	if err != nil {
		fmt.Println("failed", err)
		return
	}
	go func() { _ = d.Run(context.Background()) }()
	fmt.Println("runs")
	before := map[string]webhook.Alert{}
	for tick := 0; ; tick++ {
		at := time.Now()
		fires := map[string]webhook.Alert{}
		for _, a := range firingAt(round, tick) {
			if was, there := before[a.Who.ID]; there {
				a = was
			} else {
				a.Status.Since = at
				tell(d, at, alerts.Fired, a)
			}
			fires[a.Who.ID] = a
		}
		for id, a := range before {
			if _, there := fires[id]; !there {
				tell(d, at, alerts.Resolved, a)
			}
		}
		var list []webhook.Alert
		for _, a := range fires {
			list = append(list, a)
		}
		w.set(at, list...)
		before = fires
		<-time.After(3 * time.Millisecond)
	}
}

// An engine is killed again and again. Whoever heard that an alert fires hears
// that it ended, of each alert in order, and copies have the same bytes.
func TestKilled(t *testing.T) {
	r, dsn := newReceiver(t, nil), filepath.Join(t.TempDir(), "state.db")
	start := func(round string) *lab.Process {
		return lab.Start(t, lab.Cmd{Name: os.Args[0], Env: []string{workIn + "=" + dsn, workTo + "=" + r.URL, workAs + "=" + round}})
	}
	for round := range 8 {
		p, before := start(fmt.Sprint(round)), len(r.calls())
		eventually(t, func() bool { return r.count() > before+10 })
		<-time.After(rand.N(50 * time.Millisecond)) // any moment is a good one
		p.Kill()
		if strings.Contains(p.Output(), "failed") {
			t.Fatal(p.Output())
		}
	}
	p := start("end") // nothing fires any more
	eventually(t, func() bool {
		for _, fires := range playedOut(t, r) {
			if fires {
				return false
			}
		}
		return true
	})
	p.Kill()
	t.Logf("%d events, %d copies", len(r.calls()), copies(t, r))
}

// playedOut is what a receiver believes that tells copies by their id, and holds
// that against the order: an alert fires, and then it ends.
func playedOut(t *testing.T, r *receiver) map[string]bool {
	t.Helper()
	seen, fires := map[string]bool{}, map[string]bool{}
	for _, c := range r.calls() {
		if seen[c.id] {
			continue
		}
		seen[c.id] = true
		e := eventOf(t, c)
		firing := strings.HasSuffix(e.Type(), ".firing")
		if firing == fires[e.Subject()] {
			t.Fatalf("%s, and it fires already is %t; heard: %s", c.id, fires[e.Subject()], r.ids())
		}
		fires[e.Subject()] = firing
	}
	return fires
}

// copies counts the calls that had been there before, which must be the same.
func copies(t *testing.T, r *receiver) (n int) {
	t.Helper()
	all := r.calls()
	for i, c := range all {
		if first := slices.IndexFunc(all, func(o call) bool { return o.id == c.id }); first < i {
			n++
			if string(all[first].body) != string(c.body) {
				t.Errorf("a copy differs:\n%s\n%s", all[first].body, c.body)
			}
		}
	}
	return n
}
