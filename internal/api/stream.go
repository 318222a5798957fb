package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// The kinds of events that a Stream tells of.
const (
	StreamAlert  = "alert"
	StreamAction = "action"
	StreamGate   = "gate"
)

var streamKinds = []string{StreamAlert, StreamAction, StreamGate}

// StreamOptions are what a Stream is made of; the zero value is usable.
type StreamOptions struct {
	// Kept is how many events can be asked for again, and how far a listener may
	// be behind. 0: 1,000.
	Kept int
	// MaxClients bounds who listens; more are answered 503. 0: 256.
	MaxClients int
	// Heartbeat is the time between two signs of life. 0: 15 s.
	Heartbeat time.Duration
	// Patience is how long a listener may take to read what was written. 0: 10 s.
	Patience time.Duration

	Now        func() time.Time      // the clock that names this run; nil: time.Now
	Logger     *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: not registered
}

func (o StreamOptions) withDefaults() StreamOptions {
	o.Kept, o.MaxClients = cmp.Or(o.Kept, 1000), cmp.Or(o.MaxClients, 256)
	o.Heartbeat, o.Patience = cmp.Or(o.Heartbeat, 15*time.Second), cmp.Or(o.Patience, 10*time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// Stream tells whoever listens what happens, as server-sent events. It keeps the
// newest events in a ring that all listeners read, each at its own pace: one
// that is so slow that the ring goes over it is dropped, and holds up nobody.
type Stream struct {
	o   StreamOptions
	log *slog.Logger
	// run is the first part of every id: ids of another process mean nothing here.
	run     string
	clients prometheus.Gauge
	dropped prometheus.Counter
	done    chan struct{} // closed when no more is told

	mu        sync.Mutex
	ring      []streamEvent // the event n is at n % Kept
	next      uint64        // the number of the next event; the first is 1
	listeners map[*listener]bool
	closed    bool
}

type streamEvent struct {
	kind, service string
	text          []byte // as it is sent
}

// listener is woken when there is something new.
type listener struct{ wake chan struct{} }

// NewStream returns a Stream that nobody listens to yet. Close ends it.
func NewStream(o StreamOptions) *Stream {
	o = o.withDefaults()
	factory := promauto.With(o.Registerer)
	return &Stream{
		o: o, log: o.Logger.With("component", "stream"), run: strconv.FormatInt(o.Now().UnixMilli(), 36),
		clients: factory.NewGauge(prometheus.GaugeOpts{
			Name: "slo_engine_stream_clients", Help: "Who listens to /api/v1/events.",
		}),
		dropped: factory.NewCounter(prometheus.CounterOpts{
			Name: "slo_engine_stream_dropped_total", Help: "Listeners to /api/v1/events that were too slow and were let go.",
		}),
		done: make(chan struct{}), ring: make([]streamEvent, o.Kept), next: 1, listeners: map[*listener]bool{},
	}
}

// Publish tells an event to those who listen. It waits for nobody. kind is one of
// StreamAlert, StreamAction and StreamGate, data any JSON.
func (s *Stream) Publish(kind string, at time.Time, service string, data json.RawMessage) {
	body, err := json.Marshal(apitypes.StreamEvent{Type: kind, At: apitypes.Time{Time: at}, Service: service, Data: data})
	if err != nil {
		s.log.Error("event not told: it is no JSON", "type", kind, "service", service, "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	text := fmt.Appendf(nil, "event: %s\nid: %s\ndata: %s\n\n", kind, s.id(s.next), body)
	s.ring[s.next%uint64(len(s.ring))] = streamEvent{kind, service, text}
	s.next++
	for l := range s.listeners {
		select {
		case l.wake <- struct{}{}:
		default: // it is awake already
		}
	}
}

// Close ends all streams: a server that shuts down would wait for them.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
}

func (s *Stream) id(n uint64) string { return s.run + "-" + strconv.FormatUint(n, 10) }

// join takes a listener in, unless there are too many.
func (s *Stream) join() (*listener, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, fail(unavailable, "the engine is stopping")
	case len(s.listeners) >= s.o.MaxClients:
		return nil, fail(unavailable, "%d listen already; close one, or ask again later", len(s.listeners))
	}
	l := &listener{wake: make(chan struct{}, 1)}
	s.listeners[l] = true
	s.clients.Set(float64(len(s.listeners)))
	return l, nil
}

func (s *Stream) leave(l *listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.clients.Set(float64(len(s.listeners)))
}

// from is where a listener goes on that has had the event of an id; missed says
// that events in between are not kept any more, or that nobody can tell.
func (s *Stream) from(id string) (at uint64, missed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == "" {
		return s.next, false
	}
	run, number, _ := strings.Cut(id, "-")
	had, err := strconv.ParseUint(number, 10, 64)
	if run != s.run || err != nil || had >= s.next || had+1 < s.oldest() {
		return s.oldest(), true
	}
	return had + 1, false
}

func (s *Stream) oldest() uint64 {
	if kept := uint64(len(s.ring)); s.next > kept {
		return s.next - kept
	}
	return 1
}

// maxBatch is how many events are written before anything else is looked at.
const maxBatch = 64

// read returns events from at on that are wanted, and where to go on; lost says
// that the ring has gone over at.
func (s *Stream) read(at uint64, want streamFilter) (batch [][]byte, next uint64, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at < s.oldest() {
		return nil, at, true
	}
	for ; at < s.next && len(batch) < maxBatch; at++ {
		if e := s.ring[at%uint64(len(s.ring))]; want.takes(e) {
			batch = append(batch, e.text)
		}
	}
	return batch, at, false
}
