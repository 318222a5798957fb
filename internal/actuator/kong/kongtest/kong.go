package kongtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Every is how often a node looks at the database, and a worker builds anew what
// it has seen there.
const Every = 5 * time.Second

// Kong is a cluster of nodes that share a database.
type Kong struct {
	mu    sync.Mutex
	now   time.Time
	db    database
	nodes []*node
	mode  int // what writes are answered with; 0: they are carried out
	token string
	off   bool
	hash  string // of the last document, without a database
}

// node is one process with one worker.
type node struct {
	kong   *Kong
	id     string
	server *httptest.Server
	fetch  time.Time // when it looks at the database next
	build  time.Time // when its worker builds anew next

	fetched, live database
	stuck         bool
	down, told    map[string]bool // targets that are marked as unhealthy, or will be
	due           map[string]int  // by target: whose turn it is
	counts        map[string]int  // requests by plugin and second
}

// database are the entities by id. They are replaced and never changed, so that a
// copy of the maps is a copy of all.
type database struct {
	Upstreams map[string]upstream
	Targets   map[string]target
	Services  map[string]service
	Routes    map[string]route
	Plugins   map[string]plugin
}

func (d database) clone() database {
	return database{
		maps.Clone(d.Upstreams), maps.Clone(d.Targets), maps.Clone(d.Services), maps.Clone(d.Routes), maps.Clone(d.Plugins),
	}
}

// Start starts nodes that know an empty database. They end with the test.
func Start(t testing.TB, nodes int) *Kong {
	k := &Kong{now: time.Unix(1_700_000_000, 0)}
	k.db = database{map[string]upstream{}, map[string]target{}, map[string]service{}, map[string]route{}, map[string]plugin{}}
	for i := range nodes {
		n := &node{kong: k, id: uuid.NewString()}
		n.server = httptest.NewServer(n.handler())
		t.Cleanup(n.server.Close)
		// No two of them at the same time.
		n.fetch = k.now.Add(time.Duration(i+1) * Every / time.Duration(nodes+1))
		n.build = n.fetch.Add(Every / 7)
		k.nodes = append(k.nodes, n)
	}
	k.Restart()
	return k
}

// Admin is the address of a node's Admin API.
func (k *Kong) Admin(node int) string { return k.nodes[node].server.URL }

// Now is the time of its clock, and Advance lets it pass.
func (k *Kong) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Advance lets time pass: nodes look, and workers build.
func (k *Kong) Advance(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.now = k.now.Add(d)
	for _, n := range k.nodes {
		for ; !n.fetch.After(k.now); n.fetch = n.fetch.Add(Every) {
			if !n.stuck {
				n.fetched = k.db.clone()
				n.hears()
			}
		}
		for ; !n.build.After(k.now); n.build = n.build.Add(Every) {
			n.live = n.fetched
		}
	}
}

// Restart ends all nodes and starts them again: they know what the database has,
// and nothing else.
func (k *Kong) Restart() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range k.nodes {
		n.fetched = k.db.clone()
		n.live = n.fetched
		n.down, n.told = map[string]bool{}, map[string]bool{}
		n.due, n.counts = map[string]int{}, map[string]int{}
	}
}

// Refuse has writes be answered with a status; 0: they are carried out again.
func (k *Kong) Refuse(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.mode = status
}

// Guard has every call want a token.
func (k *Kong) Guard(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.token = token
}

// Stick keeps a node from looking at the database.
func (k *Kong) Stick(node int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nodes[node].stuck = true
}

// ControlPlane has a node proxy nothing from now on: it has no balancers.
func (k *Kong) ControlPlane(node int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.nodes[node].stuck = true
	k.nodes[node].fetched, k.nodes[node].live = database{}, database{}
}

// WithoutDatabase has it run without one from now on.
func (k *Kong) WithoutDatabase() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.off = true
}

// Upstream adds one, with targets and their weights. Nodes have to be restarted,
// or time has to pass, until they know of what is added. Checked: it has health
// checks.
func (k *Kong) Upstream(name, algorithm string, checked bool, targets map[string]int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	u := upstream{ID: uuid.NewString(), Name: name, Algorithm: algorithm, Checked: checked}
	k.db.Upstreams[u.ID] = u
	for _, at := range slices.Sorted(maps.Keys(targets)) {
		t := target{ID: uuid.NewString(), Target: at, Weight: targets[at], Upstream: ref{u.ID}, Created: k.stamp(), Updated: k.stamp()}
		k.db.Targets[t.ID] = t
	}
}

// Service adds one that calls an upstream, and Route one that leads to a service.
func (k *Kong) Service(name, upstream string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := service{uuid.NewString(), name, upstream}
	k.db.Services[s.ID] = s
}

// Route adds one.
func (k *Kong) Route(name, service string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.db.Services {
		if s.Name == service {
			r := route{uuid.NewString(), name, ref{s.ID}}
			k.db.Routes[r.ID] = r
		}
	}
}

// stamp is the time as Kong writes it.
func (k *Kong) stamp() float64 { return float64(k.now.UnixMilli()) / 1000 }

// Look is everything that can be changed, as text: without times, and with what
// nodes have marked.
func (k *Kong) Look() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var lines []string
	for _, t := range k.db.Targets {
		lines = append(lines, fmt.Sprintf("target %s %s weight %d tags %q", t.Upstream.ID, t.Target, t.Weight, t.Tags))
	}
	for _, p := range k.db.Plugins {
		p.Created, p.Updated = 0, 0
		text, err := json.Marshal(p)
		lines = append(lines, fmt.Sprintf("plugin %s %v", text, err))
	}
	for i, n := range k.nodes {
		for _, at := range slices.Sorted(maps.Keys(n.down)) {
			lines = append(lines, fmt.Sprintf("node %d has %s down", i, at))
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}
