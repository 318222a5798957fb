package crash

import (
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// pager stands where an Alertmanager is and remembers what it was told. It can
// be sick.
type pager struct {
	*testing.T
	addr, url string
	server    *http.Server
	served    chan struct{}

	mu   sync.Mutex
	sick http.HandlerFunc // answers instead; nil: the pager is well
	told map[string]*told // by alertname/severity/slo_id
}

// told is what is known of an alert.
type told struct {
	begun map[time.Time]int // how often it was said to fire, by startsAt
	ended int               // how often it was said to have ended
	end   time.Time         // until when it fires, as was said last
	first time.Time         // when it came first
}

// newPager opens a pager that is well, and closes it with the test.
func newPager(t *testing.T) *pager {
	p := &pager{T: t, addr: lab.OwnAddress(t), told: map[string]*told{}}
	p.open()
	p.url = "http://" + p.addr
	t.Cleanup(p.close)
	return p
}

// open listens, where it did before.
func (p *pager) open() {
	p.Helper()
	listener, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.Fatal(err)
	}
	server, served := &http.Server{Handler: p}, make(chan struct{})
	p.addr, p.server, p.served = listener.Addr().String(), server, served
	go func() { defer close(served); _ = server.Serve(listener) }()
}

// close cuts every connection and closes the port.
func (p *pager) close() {
	_ = p.server.Close()
	<-p.served
}

// feel makes it answer so; nil: well.
func (p *pager) feel(sick http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sick = sick
}

func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	sick := p.sick
	p.mu.Unlock()
	if sick != nil {
		sick(w, r)
		return
	}
	var alerts []alert
	if err == nil {
		err = json.Unmarshal(body, &alerts)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range alerts {
		p.take(a, time.Now())
	}
}

// alert is one as it is sent.
type alert struct {
	Labels           map[string]string
	StartsAt, EndsAt time.Time
}

func (p *pager) take(a alert, now time.Time) {
	name := a.Labels["alertname"] + "/" + a.Labels["severity"] + "/" + a.Labels["slo_id"]
	t := p.told[name]
	if t == nil {
		t = &told{begun: map[time.Time]int{}, first: now}
		p.told[name] = t
	}
	if t.end = a.EndsAt; a.EndsAt.After(now) {
		t.begun[a.StartsAt]++
	} else {
		t.ended++
	}
}

// knows is a copy of what it knows of an alert.
func (p *pager) knows(name string) told {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.told[name]
	if t == nil {
		return told{}
	}
	known := *t
	known.begun = maps.Clone(t.begun)
	return known
}

// names are those of all alerts that were told.
func (p *pager) names() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Sorted(maps.Keys(p.told))
}

// fires reports whether the alert fires, as far as was told. One that is not
// told again ends by itself.
func (t told) fires() bool { return t.end.After(time.Now()) }

// starts are its beginnings.
func (t told) starts() []time.Time { return slices.SortedFunc(maps.Keys(t.begun), time.Time.Compare) }
