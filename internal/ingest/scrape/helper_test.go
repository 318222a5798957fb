package scrape

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// lastly is how long a test waits for what must come on a slow machine.
const lastly = time.Minute

// until waits for something to be so.
func until(t testing.TB, check func() error) {
	t.Helper()
	deadline := time.After(lastly)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

// recorder is a sink that keeps what it gets.
type recorder struct {
	mu      sync.Mutex
	scrapes []scraped
	err     error // what it answers
}

// scraped is one batch: points by their series.
type scraped map[string][]seen

// seen is a point and what its series is said to be.
type seen struct {
	sli.Point
	Type sli.Type
}

func (r *recorder) Ingest(_ context.Context, batch *sli.Batch) (sli.Receipt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return sli.Receipt{}, r.err
	}
	got := scraped{}
	for _, s := range batch.Series {
		if s.Target != s.Labels.Get("job")+"\xff"+s.Labels.Get("instance") || !batch.Whole {
			panic(fmt.Sprintf("target %q of %s, whole %v", s.Target, s.Labels, batch.Whole))
		}
		for _, p := range s.Points {
			got[s.Labels.String()] = append(got[s.Labels.String()], seen{p, s.Type})
		}
	}
	r.scrapes = append(r.scrapes, got)
	return sli.Receipt{}, nil
}

func (r *recorder) answer(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

// since are the scrapes from the n-th on.
func (r *recorder) since(n int) []scraped {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.scrapes[min(n, len(r.scrapes)):])
}

// await returns the first scrape that has all series, from the n-th on.
func (r *recorder) await(t testing.TB, n int, series ...string) (found scraped) {
	t.Helper()
	until(t, func() error {
		all := r.since(n)
		for _, got := range all {
			if !slices.ContainsFunc(series, func(s string) bool { return len(got[s]) == 0 }) {
				found = got
				return nil
			}
		}
		return fmt.Errorf("no scrape of %d has all of %q; the last: %v", len(all), series, lastOf(all))
	})
	return found
}

// awaitPoint waits for a point of a series that is as wanted.
func (r *recorder) awaitPoint(t testing.TB, n int, series string, want func(seen) bool) {
	t.Helper()
	until(t, func() error {
		all := r.since(n)
		for _, got := range all {
			if slices.ContainsFunc(got[series], want) {
				return nil
			}
		}
		return fmt.Errorf("none of %d scrapes has such a point of %s; the last: %v", len(all), series, lastOf(all))
	})
}

func lastOf(all []scraped) (names []string) {
	if len(all) > 0 {
		for name, points := range all[len(all)-1] {
			names = append(names, fmt.Sprint(name, " ", points))
		}
	}
	slices.Sort(names)
	return names
}

func stale(s seen) bool { return s.Stale }

func valued(v float64) func(seen) bool {
	return func(s seen) bool { return !s.Stale && s.Histogram == nil && s.Value == v }
}

// running is a scraper at work.
type running struct {
	*Scraper
	*recorder
	registry *prometheus.Registry
	stop     func() // and wait
}

// interval is that of the tests' jobs, and what a scrape may take.
const interval = 250 * time.Millisecond

// parsed reads a list of scrape configurations that is sound.
func parsed(t testing.TB, list string) *Config {
	t.Helper()
	c, problems := Parse(Source{List: []byte(list), Folder: t.TempDir(), Interval: interval})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// run scrapes until the test ends.
func run(t testing.TB, list string) *running {
	t.Helper()
	r := &running{recorder: &recorder{}, registry: prometheus.NewRegistry()}
	r.begin(t, Options{Sink: r.recorder}, parsed(t, list))
	return r
}

func (r *running) begin(t testing.TB, o Options, c *Config) {
	t.Helper()
	o.Pause, o.Registerer = 10*time.Millisecond, r.registry
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Scraper = s
	if err := s.Apply(c); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)
}

// metric is the sum of a metric's series that have all the given labels,
// written name="value".
func (r *running) metric(t testing.TB, name string, labels ...string) (sum float64) {
	t.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			text := ""
			for _, l := range m.GetLabel() {
				text += fmt.Sprintf("%s=%q ", l.GetName(), l.GetValue())
			}
			if !slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(text, l) }) {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// page is a target that shows a text.
type page struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	kind   string
	text   string
}

// show starts a target that shows a text of the Prometheus format.
func show(t testing.TB, text string) *page {
	t.Helper()
	p := &page{status: http.StatusOK, kind: "text/plain; version=0.0.4", text: text}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", p.kind)
	w.WriteHeader(p.status)
	_, _ = fmt.Fprint(w, p.text)
}

// set changes what the target shows.
func (p *page) set(status int, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.text = status, text
}

// addr is its host:port.
func (p *page) addr() string { return p.Listener.Addr().String() }

// job is a job with static targets.
func job(name string, p *page, more string) string {
	return fmt.Sprintf("- job_name: %s\n  static_configs: [{targets: [%q]}]\n%s", name, p.addr(), more)
}

// at names a series of a target.
func at(name, job string, p *page) string {
	return fmt.Sprintf(`{__name__=%q, instance=%q, job=%q}`, name, p.addr(), job)
}

func (p *page) port(t testing.TB) int {
	t.Helper()
	_, text, err := net.SplitHostPort(p.addr())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return port
}
