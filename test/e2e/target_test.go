package e2e

import (
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// fastWithin is the latency threshold of the test's SLOs in seconds. It is a bound
// of the classic histogram and, as a power of two, of every native one.
const fastWithin = 0.25

// longBefore is what the target's counters show when the test begins: events
// from before anyone looked, which nobody may count.
const longBefore = 1000

// tally is a number of events, as the target itself counts them.
type tally struct{ good, total float64 }

func (t *tally) add(n float64, good bool) {
	t.total += n
	if good {
		t.good += n
	}
}

// target is a process that serves metrics and knows better than they what
// happened in it. A scrape sees all its metrics at one instant.
type target struct {
	Addr string // host:port

	mu      sync.Mutex
	metrics *targetMetrics
	down    bool
	codes   []string
	routes  []string
	random  *rand.Rand
	mark    float64

	// What was driven since the test began, restarts included.
	requests, jobs, latency, native tally
	byRoute                         map[string]*tally
}

// targetMetrics are the metrics of one life of the target.
type targetMetrics struct {
	registry            *prometheus.Registry
	requests            *prometheus.CounterVec
	jobsDone, jobsBegun prometheus.Counter
	latency, native     prometheus.Histogram
	queue, mark         prometheus.Gauge
}

func newTargetMetrics() *targetMetrics {
	m := &targetMetrics{
		registry:  prometheus.NewRegistry(),
		requests:  prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"route", "code"}),
		jobsDone:  prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_succeeded_total"}),
		jobsBegun: prometheus.NewCounter(prometheus.CounterOpts{Name: "jobs_begun_total"}),
		latency:   prometheus.NewHistogram(prometheus.HistogramOpts{Name: "request_seconds", Buckets: []float64{0.1, fastWithin, 0.5, 1}}),
		native:    prometheus.NewHistogram(prometheus.HistogramOpts{Name: "operation_seconds", NativeHistogramBucketFactor: 1.1}),
		queue:     prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue_length"}),
		mark:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "test_mark"}),
	}
	m.registry.MustRegister(m.requests, m.jobsDone, m.jobsBegun, m.latency, m.native, m.queue, m.mark)
	m.requests.WithLabelValues("/", "200")
	m.requests.WithLabelValues("/", "500")
	return m
}

// startTarget serves /metrics until the test ends.
func startTarget(t *testing.T) *target {
	g := &target{
		metrics: newTargetMetrics(), byRoute: map[string]*tally{},
		codes: []string{"200", "200", "200", "500"}, routes: []string{"/"},
		random: rand.New(rand.NewPCG(1, 2)), mark: 1,
	}
	g.metrics.mark.Set(1)
	for _, c := range []prometheus.Counter{
		g.metrics.requests.WithLabelValues("/", "200"), g.metrics.requests.WithLabelValues("/", "500"),
		g.metrics.jobsDone, g.metrics.jobsBegun,
	} {
		c.Add(longBefore)
	}
	for range longBefore {
		g.metrics.latency.Observe(fastWithin * 2)
		g.metrics.native.Observe(fastWithin * 2)
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.Addr = server.Listener.Addr().String()
	return g
}

// do changes or reads the target between two scrapes.
func (g *target) do(f func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f()
}

// ServeHTTP answers a scrape.
func (g *target) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.do(func() {
		if g.down {
			http.Error(w, "out of order", http.StatusInternalServerError)
			return
		}
		promhttp.HandlerFor(g.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
	})
}

// drive makes traffic until the returned function is called.
func (g *target) drive() (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				g.do(g.work)
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() { close(quit); <-done })
}

// work is a burst of events of every kind; often there is none.
func (g *target) work() {
	if g.random.IntN(3) == 0 {
		return
	}
	n := float64(1 + g.random.IntN(4))
	g.request(g.routes[g.random.IntN(len(g.routes))], g.codes[g.random.IntN(len(g.codes))], n)
	done := g.random.IntN(5) > 0
	g.metrics.jobsBegun.Add(n)
	if done {
		g.metrics.jobsDone.Add(n)
	}
	g.jobs.add(n, done)
	seconds := []float64{0.01, 0.2, fastWithin, 0.26, 0.7, 3}[g.random.IntN(6)]
	g.metrics.latency.Observe(seconds)
	g.latency.add(1, seconds <= fastWithin)
	g.metrics.native.Observe(seconds)
	g.native.add(1, seconds <= fastWithin)
	if g.random.IntN(50) == 0 {
		g.metrics.queue.Set(float64(g.random.IntN(16)))
	}
}

func (g *target) request(route, code string, n float64) {
	g.metrics.requests.WithLabelValues(route, code).Add(n)
	g.requests.add(n, code < "500")
	g.routeTally(route).add(n, code < "500")
}

// widen adds a route and a code to the traffic. Each label set there can be
// has an event at once, so that all are new in one scrape and none later.
func (g *target) widen(route, code string) {
	g.do(func() {
		g.routes, g.codes = append(g.routes, route), append(g.codes, code)
		g.requestEach()
	})
}

// requestEach makes one request for each label set.
func (g *target) requestEach() {
	for _, route := range g.routes {
		for _, code := range g.codes {
			g.request(route, code, 1)
		}
	}
}

func (g *target) routeTally(route string) *tally {
	if g.byRoute[route] == nil {
		g.byRoute[route] = &tally{}
	}
	return g.byRoute[route]
}

// setMark changes the metric test_mark; a scrape with the new value holds all
// that was driven before.
func (g *target) setMark() (mark float64) {
	g.do(func() {
		g.mark++
		g.metrics.mark.Set(g.mark)
		mark = g.mark
	})
	return mark
}

// restart begins a new life: every counter from zero, label sets that were
// seen only later not there yet.
func (g *target) restart() {
	g.do(func() {
		g.metrics = newTargetMetrics()
		g.metrics.mark.Set(g.mark)
	})
}
