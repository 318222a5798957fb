// Package tyktest is a stand-in for a group of Tyk Gateways, for tests: the part of
// the Gateway API that package tyk uses, with the answers that Tyk 5.x gives. Tyk
// itself needs Redis, and cannot be had as a Go module.
//
// It follows Tyk's documented API:
//
//   - GET tells the definition that the node has loaded, PUT writes the file that all
//     nodes share, and nothing takes effect before a reload: /tyk/reload/ is of one
//     node, /tyk/reload/group of all. Nodes load once a second, when they were asked to;
//     block=true waits for it.
//   - X-Tyk-Authorization must be the secret: 403. An API that is not there is 404.
//     JSON that is none, an id that is another one, a classic definition where an
//     OpenAPI one belongs and the other way round are 400. Where the APIs are the
//     Dashboard's, every write is 500.
//   - A target gets as many of the requests as it weighs; a mock response answers
//     instead of a target, a rate limit with 429, an open circuit breaker with 503.
//
// Time passes only by Advance, and when somebody waits for a reload.
package tyktest

import (
	"encoding/json"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Tick is how often a node loads what is in the files, when it was asked to.
const Tick = time.Second

// Tyk is a group of gateways.
type Tyk struct {
	secret string

	mu        sync.Mutex
	now       time.Time
	files     map[string]definition // by API
	nodes     []*node
	dashboard bool
	broken    int           // what reloads are answered with; 0: they are done
	hold      chan struct{} // not nil: answers to reloads are lost until it is closed
}

// node is one process.
type node struct {
	tyk    *Tyk
	server *httptest.Server
	phase  time.Duration // of its ticks
	asked  bool          // for a reload
	loaded map[string]definition

	turns    map[string]int // by API: how many requests went to targets
	counts   map[string]int // requests by limit and period
	calls    map[string]int // by operation, and how many of them failed
	failures map[string]int
}

// definition is an API's. It is replaced and never changed.
type definition struct {
	oas  bool
	text json.RawMessage // to the last digit
	all  object
}

// parse reads a definition.
func parse(oas bool, text []byte) (d definition, err error) {
	d.oas, d.text = oas, text
	err = json.Unmarshal(text, &d.all)
	return d, err
}

type object = map[string]any

// Start starts gateways that have no APIs. They end with the test.
func Start(t testing.TB, nodes int, secret string) *Tyk {
	k := &Tyk{secret: secret, now: time.Unix(1_700_000_000, 0), files: map[string]definition{}}
	for i := range nodes {
		n := &node{tyk: k, phase: time.Duration(i) * Tick / time.Duration(nodes)}
		n.server = httptest.NewServer(n.handler())
		t.Cleanup(n.server.Close)
		k.nodes = append(k.nodes, n)
	}
	k.Restart()
	return k
}

// URL is the address of a node.
func (k *Tyk) URL(node int) string { return k.nodes[node].server.URL }

// API writes a file, as JSON. The nodes have it after a restart or a reload.
func (k *Tyk) API(t testing.TB, id string, oas bool, text string) {
	t.Helper()
	d, err := parse(oas, []byte(text))
	if err != nil {
		t.Fatalf("definition of %s: %v", id, err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.files[id] = d
}

// Now is the time of its clock, and Advance lets it pass.
func (k *Tyk) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Advance lets time pass: nodes that were asked to reload what is in the files.
func (k *Tyk) Advance(d time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.advance(d)
}

func (k *Tyk) advance(d time.Duration) {
	before := k.now
	k.now = k.now.Add(d)
	for _, n := range k.nodes {
		if n.asked && !n.next(before).After(k.now) {
			n.load()
		}
	}
}

// next is the node's next tick. No two nodes have theirs at the same time.
func (n *node) next(after time.Time) time.Time {
	return after.Add(-n.phase).Truncate(Tick).Add(Tick + n.phase)
}

// load takes over the files, and forgets what was counted.
func (n *node) load() {
	n.asked, n.loaded = false, map[string]definition{}
	for id, d := range n.tyk.files {
		n.loaded[id] = d
	}
	n.turns, n.counts = map[string]int{}, map[string]int{}
	n.calls, n.failures = map[string]int{}, map[string]int{}
}

// Restart ends all nodes and starts them again.
func (k *Tyk) Restart() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, n := range k.nodes {
		n.load()
	}
}

// Dashboard has the APIs be the Dashboard's from now on.
func (k *Tyk) Dashboard() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dashboard = true
}

// BreakReloads has them be answered with a status and not be done; 0: they are
// done again.
func (k *Tyk) BreakReloads(status int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.broken = status
}

// HoldReloads has them be done and their answers be lost, until end is called.
func (k *Tyk) HoldReloads() (end func()) {
	hold := make(chan struct{})
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hold = hold
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.hold = nil
		close(hold)
	}
}

// Look is what is in the files.
func (k *Tyk) Look() (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := map[string]json.RawMessage{}
	for id, d := range k.files {
		all[id] = d.text
	}
	text, err := actuator.Canonical(all)
	return string(text), err
}
