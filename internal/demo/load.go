package demo

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// load sends requests at an even rate, however long the answers take: shoppers
// do not wait for each other. A fixed number of workers bounds what is under
// way; what finds none free is skipped and counted.
type load struct {
	url     string
	rate    int
	workers int
	client  *http.Client
	dice    *rand.Rand // owned by the pace goroutine

	sent, answered, skipped atomic.Int64

	stopping chan struct{} // closed by stop
	once     sync.Once
	running  sync.WaitGroup
}

func newLoad(url string, rate, workers int, seed uint64) *load {
	return &load{
		url: url, rate: rate, workers: workers,
		client:   newClient(workers, 10*time.Second),
		dice:     rand.New(rand.NewPCG(seed, 1)),
		stopping: make(chan struct{}),
	}
}

// start sends until stop, or until ctx ends. It is called once.
func (l *load) start(ctx context.Context) {
	jobs := make(chan string)
	for range l.workers {
		l.running.Go(func() {
			for route := range jobs {
				l.request(ctx, route)
			}
		})
	}
	l.running.Go(func() {
		defer close(jobs)
		l.pace(ctx, jobs)
	})
}

// stop ends the load and waits for the answers under way. It may be called
// twice, and without start.
func (l *load) stop() {
	l.once.Do(func() { close(l.stopping) })
	l.running.Wait()
	l.client.CloseIdleConnections()
}

// pace hands out jobs. It reads how many are due from the clock, so that late
// ticks of a busy machine do not lower the rate.
func (l *load) pace(ctx context.Context, jobs chan<- string) {
	ticker := time.NewTicker(time.Second / time.Duration(l.rate))
	defer ticker.Stop()
	start, handed := time.Now(), 0
	for {
		for due := int(time.Since(start).Seconds() * float64(l.rate)); handed < due; handed++ {
			l.hand(jobs, routes[l.dice.IntN(len(routes))])
		}
		select {
		case <-ctx.Done():
			return
		case <-l.stopping:
			return
		case <-ticker.C:
		}
	}
}

func (l *load) hand(jobs chan<- string, route string) {
	select {
	case jobs <- route:
	default:
		l.skipped.Add(1)
	}
}

func (l *load) request(ctx context.Context, route string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, l.url+route, nil)
	if err != nil {
		return // the URL is ours; it cannot be wrong
	}
	l.sent.Add(1)
	response, err := l.client.Do(request)
	if err != nil {
		return
	}
	io.Copy(io.Discard, response.Body)
	response.Body.Close()
	l.answered.Add(1)
}
