package crash

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/test/lab"
)

// illness is what a pager can suffer from.
type illness struct {
	name string
	sick http.HandlerFunc // nil: its port is closed
}

func answers(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "not now", code) }
}

// hangs does not answer before the client gives up, which it does after 10 s.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func cuts(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

var illnesses = []illness{
	{"answers 500", answers(http.StatusInternalServerError)},
	{"answers 503", answers(http.StatusServiceUnavailable)},
	{"hangs", hangs},
	{"cuts connections", cuts},
	{"is down", nil},
}

const (
	// soon is when an alert must have been told after it began, wherever the
	// pager is well. Who waits for one that hangs is later than that.
	soon = 9 * time.Second
	// recovery is when a pager that has become well must know everything: a
	// request that still hangs, the longest wait between two tries, and as much
	// again for a slow machine.
	recovery = 80 * time.Second
)

// trial is a site whose first pager falls sick while its second one is well.
// What the second one knows, the first one must learn.
type trial struct {
	*site
	illness
	killed      bool
	first, well *pager
}

func (c *trial) fallSick() {
	if c.sick == nil {
		c.first.close()
		return
	}
	c.first.feel(c.sick)
}

func (c *trial) recover() {
	if c.sick == nil {
		c.first.open()
		return
	}
	c.first.feel(nil)
}

// lane is a metric of the notifications to a trial's first pager.
func (c *trial) lane(name string) (float64, error) {
	return c.metric("slo_engine_notifications_" + name + `{alertmanager="` + c.first.url + `"}`)
}

func page(route string) string { return "ErrorBudgetBurn/critical/shop:" + route }

// A pager falls sick while one alert fires, misses the end of a second one and
// the beginning of a third, and recovers. Counting goes on as in a twin that
// has a healthy pager, the pager beside it hears everything at once, and the
// one that was sick then knows what fires, since when, and what does not:
// whether the engine went on running or was killed meanwhile.
func TestSickPager(t *testing.T) {
	t.Parallel()
	twin := newTrial(t, illness{name: "twin"}, false)
	all := []*trial{twin}
	for i, ill := range illnesses {
		all = append(all, newTrial(t, ill, false))
		if i%2 == 0 || *scale > 1 {
			all = append(all, newTrial(t, ill, true))
		}
	}
	x := newTraffic(t)
	for _, c := range all {
		c.start()
		x.sites = append(x.sites, c.site)
	}
	trials := all[1:]
	each := func(of []*trial, amiss func(*trial) error) func() error {
		return func() error {
			for _, c := range of {
				if err := amiss(c); err != nil {
					return fmt.Errorf("the pager %s, killed: %v: %w", c.name, c.killed, err)
				}
			}
			return nil
		}
	}

	x.failing = map[string]bool{"stays": true, "ends": true}
	x.until(time.Minute, each(all, func(c *trial) error {
		return errors.Join(fires(c.first, "stays", "ends"), fires(c.well, "stays", "ends"))
	}))
	for _, c := range trials {
		c.fallSick()
	}
	x.failing = map[string]bool{"stays": true, "late": true}
	x.until(time.Minute, each(all, func(c *trial) error { return fires(c.well, "late") }))
	for kills := 0; kills < min(*scale, 10); kills++ {
		for _, c := range trials {
			if c.killed {
				c.kill()
				c.start()
			}
		}
		x.serve()
	}
	x.until(time.Minute, each(all, func(c *trial) error {
		return errors.Join(fires(c.well, "stays", "late"), ended(c.well, "ends"), c.missed(twin, "ends"))
	}))
	x.agree() // while they are sick
	for _, c := range trials {
		c.recover()
	}
	begun := time.Now()
	x.until(recovery, each(all, func(c *trial) error {
		return errors.Join(fires(c.first, "stays", "late"), ended(c.first, "ends"), c.same())
	}))
	t.Logf("%d trials, %d requests each: all was known again %v after the pagers had recovered", len(trials), x.rounds, time.Since(begun).Round(time.Millisecond))
	x.agree()
	for _, c := range all {
		c.check(twin)
	}
}

// newTrial makes one whose engine does not run yet.
func newTrial(t *testing.T, ill illness, killed bool) *trial {
	c := &trial{illness: ill, killed: killed, first: newPager(t), well: newPager(t)}
	c.site = newSite(t, routeSLOs(), resend, c.first.url, c.well.url)
	return c
}

func fires(p *pager, routes ...string) error {
	for _, r := range routes {
		if !p.knows(page(r)).fires() {
			return fmt.Errorf("%s does not fire at %s", page(r), p.url)
		}
	}
	return nil
}

func ended(p *pager, route string) error {
	if p.knows(page(route)).fires() {
		return fmt.Errorf("%s still fires at %s", page(route), p.url)
	}
	return nil
}

// missed is nil once the first pager's illness was felt: alerts could not be
// delivered to it, and it does not know yet how an alert ended.
func (c *trial) missed(twin *trial, route string) error {
	if c == twin {
		return nil
	}
	failed, err := c.lane("errors_total")
	if err == nil && failed == 0 {
		err = errors.New("nothing was tried in vain")
	}
	if c.first.knows(page(route)).ended != 0 {
		c.Errorf("a pager that %s was told of the end of %s", c.name, route)
	}
	return err
}

// same is nil when nothing waits, and what fires at one pager fires at the
// other.
func (c *trial) same() error {
	waiting, err := c.lane("queue_length")
	if err == nil && waiting != 0 {
		err = fmt.Errorf("%v alerts wait", waiting)
	}
	return errors.Join(err, differ(c.first, c.well))
}

// differ says what fires at one pager and not at the other.
func differ(a, b *pager) error {
	if diff := cmp.Diff(firing(a), firing(b)); diff != "" {
		return fmt.Errorf("different alerts fire at %s and %s:\n%s", a.url, b.url, diff)
	}
	return nil
}

func firing(p *pager) []string {
	return slices.DeleteFunc(p.names(), func(name string) bool { return !p.knows(name).fires() })
}

// check looks at the whole of what the pagers were told.
func (c *trial) check(twin *trial) {
	c.Helper()
	if err := differ(c.well, twin.well); err != nil {
		c.Errorf("a pager that %s, killed: %v: beside the twin: %v", c.name, c.killed, err)
	}
	for _, name := range c.first.names() {
		got, want := c.first.knows(name).starts(), c.well.knows(name).starts()
		for _, start := range got {
			if !slices.ContainsFunc(want, start.Equal) {
				c.Errorf("a pager that %s, killed: %v: %s began at %v, as the other one knows at %v", c.name, c.killed, name, got, want)
			}
		}
	}
	for _, route := range []string{"stays", "ends", "late"} {
		known := c.well.knows(page(route))
		if len(known.begun) != 1 || len(c.first.knows(page(route)).begun) != 1 {
			c.Errorf("%s began at %v, at a pager that %s, killed: %v, at %v", page(route), known.starts(), c.name, c.killed, c.first.knows(page(route)).starts())
		}
		if late := known.first.Sub(known.starts()[0]); late > soon {
			c.Errorf("beside a pager that %s, killed: %v: %s was told %v after it began", c.name, c.killed, page(route), late)
		}
	}
	if !c.killed && c.first.knows(page("ends")).ended == 0 {
		c.Errorf("a pager that %s was never told that %s had ended", c.name, page("ends"))
	}
	if dropped, err := c.lane("dropped_total"); err != nil || dropped != 0 {
		c.Errorf("a pager that %s: %v alerts were dropped (%v)", c.name, dropped, err)
	}
}

// Of two Alertmanagers the first is dead and the second is ended, in good
// order and by kill -9, while alerts fire. When it is there again it learns
// what fires, as of when it began, and not what has ended meanwhile.
func TestAlertmanagerRestarts(t *testing.T) {
	t.Parallel()
	server := lab.StartAlertmanager(t, "")
	s := newSite(t, routeSLOs(), resend, "http://"+lab.FreeAddress(t), server.URL)
	s.start()
	x := newTraffic(t, s)
	x.failing = map[string]bool{"stays": true, "ends": true}
	began := map[string]time.Time{}
	knows := func(yes []string, no ...string) func() error {
		return func() error { return pagesAt(t, server, began, yes, no) }
	}
	x.until(time.Minute, knows([]string{"stays", "ends"}))
	if late := time.Since(began["stays"]); late > soon {
		t.Errorf("behind a dead Alertmanager a page came after %v", late)
	}
	for _, end := range []func(){server.Stop, server.Kill} {
		end()
		x.failing["ends"] = !x.failing["ends"]
		x.until(time.Minute, func() error { return s.pages(x, "ends") })
		x.agree()
		server.Restart(t)
		if delete(began, "ends"); x.failing["ends"] {
			x.until(time.Minute, knows([]string{"stays", "ends"}))
			continue
		}
		x.until(time.Minute, knows([]string{"stays"}, "ends"))
	}
}

// pages is nil when the engine itself pages for a route just as it fails.
func (s *site) pages(x *traffic, route string) error {
	text, err := s.get("/api/v1/slos/shop:" + route)
	var slo struct {
		Alerts []struct{ Name, Severity string }
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &slo)
	}
	pages := false
	for _, a := range slo.Alerts {
		pages = pages || a.Name == "ErrorBudgetBurn" && a.Severity == "critical"
	}
	if err == nil && pages != x.failing[route] {
		err = fmt.Errorf("%s fails: %v, its alerts are %v", route, x.failing[route], slo.Alerts)
	}
	return err
}

// pagesAt is nil when an Alertmanager has pages for some routes and none for
// others. Those that it has must have begun when they did before.
func pagesAt(t *testing.T, server *lab.Alertmanager, began map[string]time.Time, yes, no []string) error {
	alerts, err := server.Alerts(t.Context())
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, a := range alerts {
		if route := a.Labels["slo"]; a.Labels["alertname"] == "ErrorBudgetBurn" && a.Labels["severity"] == "critical" {
			found[route] = true
			if before, ok := began[route]; ok && !a.StartsAt.Equal(before) {
				t.Errorf("the page of %s began at %v, before the restart at %v", route, a.StartsAt, before)
			}
			began[route] = a.StartsAt
		}
	}
	for _, route := range yes {
		if !found[route] {
			return fmt.Errorf("no page of %s", route)
		}
	}
	for _, route := range no {
		if found[route] {
			return fmt.Errorf("there is still a page of %s", route)
		}
	}
	return nil
}
