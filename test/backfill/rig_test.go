package backfill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// proxy stands before a server, counts the queries, and breaks answers.
type proxy struct {
	*httptest.Server
	mu      sync.Mutex
	times   []time.Time
	running int
	most    int                                           // at a time
	spoil   func(w http.ResponseWriter, path string) bool // true: it has answered
}

func newProxy(t *testing.T, of string) *proxy {
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	through := httputil.NewSingleHostReverseProxy(u)
	through.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.times = append(p.times, time.Now())
		p.running++
		p.most = max(p.most, p.running)
		spoil := p.spoil
		p.mu.Unlock()
		defer func() { p.mu.Lock(); p.running--; p.mu.Unlock() }()
		if spoil == nil || !spoil(w, r.URL.Path) {
			through.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) breakBy(spoil func(http.ResponseWriter, string) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = spoil
}

// load is the number of queries, and the most within a second.
func (p *proxy) load() (all, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := 0
	for i, t := range p.times {
		for t.Sub(p.times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return len(p.times), most
}

// journal keeps records in memory.
type journal struct {
	mu       sync.Mutex
	snapshot []byte
	records  [][]byte
}

func (j *journal) Recover(snapshot func(io.Reader) error, record func([]byte) error) error {
	if j.snapshot != nil {
		if err := snapshot(bytes.NewReader(j.snapshot)); err != nil {
			return err
		}
	}
	for _, r := range j.records {
		if err := record(r); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) Busy() bool { return false }

func (j *journal) Append(record []byte) (func(context.Context) error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records = append(j.records, bytes.Clone(record))
	return func(context.Context) error { return nil }, nil
}

func (j *journal) Cut() (func(context.Context, func(io.Writer) error) error, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := len(j.records)
	return func(_ context.Context, save func(io.Writer) error) error {
		var b bytes.Buffer
		if err := save(&b); err != nil {
			return err
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.snapshot, j.records = b.Bytes(), j.records[at:]
		return nil
	}, nil
}

func (j *journal) Due() bool { return false }

// rig is an engine with a backend.
type rig struct {
	*testing.T
	engine  *engine.Engine
	backend *promapi.Backend
	began   time.Time
	stop    func()
}

// start starts an engine where the journal ends.
func start(t *testing.T, j *journal, o promapi.Options, specs []*slo.Spec) *rig {
	t.Helper()
	r := &rig{T: t, began: time.Now()}
	r.engine = engine.New(engine.Options{Journal: j, Now: o.Now})
	var programs []*sli.Program
	for _, s := range specs {
		p, problems := sli.Compile(s)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		programs = append(programs, p)
	}
	if err := r.engine.Recover(programs, nil); err != nil {
		t.Fatal(err)
	}
	o.Engine = r.engine
	o.Sink = ingest.SinkFunc(r.engine.Ingest)
	if testing.Verbose() {
		o.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	var err error
	if r.backend, err = promapi.New(o); err != nil {
		t.Fatal(err)
	}
	r.backend.Serve(programs)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = r.engine.Run(ctx) })
	all.Go(func() { _ = r.backend.Run(ctx) })
	r.stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(r.stop)
	return r
}

// until waits for a condition and says how long it took.
func (r *rig) until(within time.Duration, what string, check func() error) time.Duration {
	r.Helper()
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return time.Since(r.began)
		}
		if time.Now().After(deadline) {
			r.Fatalf("%s within %s: %v\n%s", what, within, err, r.describe())
		}
		time.Sleep(20 * time.Millisecond) //lint:sleep between two looks, until a deadline
	}
}

func (r *rig) describe() string {
	var b strings.Builder
	s := r.backend.Status()
	for _, p := range s.Polls {
		fmt.Fprintf(&b, "poll %v: %+v\n", p.Selectors, p)
	}
	for _, p := range s.Pasts {
		fmt.Fprintf(&b, "past %+v\n", p)
	}
	return b.String()
}

// pasts and polls are those of the backend, once it has planned them.
func (r *rig) pasts() []promapi.Progress { return r.planned().Pasts }

func (r *rig) polls() []promapi.PollStatus { return r.planned().Polls }

func (r *rig) planned() (s *promapi.Status) {
	r.Helper()
	r.until(30*time.Second, "polls are planned", func() error {
		if s = r.backend.Status(); len(s.Polls) == 0 || len(s.Pasts) == 0 {
			return errors.New("none are")
		}
		return nil
	})
	return s
}

// read waits until the whole past is read.
func (r *rig) read(within time.Duration) time.Duration {
	r.Helper()
	return r.until(within, "the past is read", func() error {
		for _, p := range r.pasts() {
			if p.State != promapi.PastDone {
				return fmt.Errorf("%s is %s: %s", p.SLO, p.State, p.Problem)
			}
		}
		return nil
	})
}

// instance is what the newest tick says of an SLO.
func (r *rig) instance(id string) *engine.Instance {
	if s := r.engine.Snapshot(); s != nil {
		for _, in := range s.Instances {
			if in.ID == id {
				return in
			}
		}
	}
	return nil
}

func specs(w *world) (list []*slo.Spec) {
	objective, _ := slo.ParseObjective("99.9%")
	for _, s := range w.shops {
		list = append(list, &slo.Spec{
			Service: s.name, Name: "availability", Objective: objective, Window: slo.Window{Rolling: month},
			SLI: slo.SLI{Ratio: &slo.Ratio{
				Total: fmt.Sprintf("http_requests_total{job=%q}", s.name),
				Bad:   fmt.Sprintf("http_requests_total{job=%q,code=~\"5..\"}", s.name),
			}},
		})
	}
	return list
}
