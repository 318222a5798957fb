package demo

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// routes are what a shopper can do.
var routes = []string{"/pay", "/cart"}

// slowAbove is the threshold of the latency SLO, in seconds; an answer of
// exactly this duration is good.
const slowAbove = 0.25

// checkout is one version of the checkout service.
type checkout struct {
	version string
	// failing is the share of answers that go wrong while broken is set.
	failing float64
	broken  atomic.Bool
	// slow says that what goes wrong takes its time, too.
	slow    bool
	books   *books
	metrics *instruments // nil: somebody else counts

	mu   sync.Mutex // guards what follows
	dice *rand.Rand
	owed map[string]float64 // failures due, by route
}

func newCheckout(version string, seed uint64, failing float64, b *books, m *instruments) *checkout {
	return &checkout{
		version: version, failing: failing, slow: true, books: b, metrics: m,
		dice: rand.New(rand.NewPCG(seed, uint64(len(version)))),
		owed: make(map[string]float64),
	}
}

// handler serves the routes.
func (c *checkout) handler() http.Handler {
	mux := http.NewServeMux()
	for _, route := range routes {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { c.answer(w, r, route) })
	}
	return mux
}

func (c *checkout) answer(w http.ResponseWriter, r *http.Request, route string) {
	start := time.Now()
	code, effort := c.draw(route)
	work(r.Context(), effort)
	// Counted before it is answered: whoever holds an answer finds it counted.
	c.record(route, code, time.Since(start).Seconds())
	w.WriteHeader(code)
}

// record notes one answer, in the telemetry and in the books.
func (c *checkout) record(route string, code int, seconds float64) {
	if c.metrics != nil {
		c.metrics.record(route, code, seconds)
	}
	c.books.availability.add(code < http.StatusInternalServerError)
	c.books.latency.add(seconds <= slowAbove)
}

// draw decides what one request comes to. How many fail is exact, so that the
// story's arithmetic holds: with a share of 0.8, four of five on each route.
func (c *checkout) draw(route string) (code int, effort time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken.Load() {
		c.owed[route] += c.failing
		if c.owed[route] >= 1-1e-9 {
			c.owed[route]--
			return http.StatusServiceUnavailable, c.wrong()
		}
	}
	return http.StatusOK, between(c.dice, 2, 20)
}

// wrong is how long an answer takes that goes wrong.
func (c *checkout) wrong() time.Duration {
	if c.slow {
		return between(c.dice, 300, 400)
	}
	return between(c.dice, 2, 20)
}

// between is a random number of milliseconds.
func between(dice *rand.Rand, low, high int) time.Duration {
	return time.Duration(low+dice.IntN(high-low)) * time.Millisecond
}

// work takes d, or less when nobody waits for it any more.
func work(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
