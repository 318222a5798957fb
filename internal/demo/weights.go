package demo

import (
	"slices"
	"sync"
)

// pool is who gets the gateway's requests: servers with weights and forced
// states, as HAProxy has them in a backend.
type pool struct {
	name string

	mu      sync.Mutex
	servers []poolServer
}

// poolServer is one of them.
type poolServer struct {
	name   string
	weight int
	state  string // ready, drain or maint
	// credit is what it is owed of the requests so far.
	credit int
}

// newPool splits between v1 and v2; canary is the share of v2.
func newPool(canary float64) *pool {
	v2 := int(100*canary + 0.5)
	return &pool{name: "checkout", servers: []poolServer{
		{name: "v1", weight: 100 - v2, state: "ready"}, {name: "v2", weight: v2, state: "ready"},
	}}
}

// taken is the weight by which a server gets requests.
func (s poolServer) taken() int {
	if s.state != "ready" {
		return 0
	}
	return s.weight
}

// pick is the number of the server that is next, in exact proportion to the
// weights: each gains its weight, and who has most pays for all. -1: none takes
// requests.
func (p *pool) pick() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	next, sum := -1, 0
	for i := range p.servers {
		s := &p.servers[i]
		if s.taken() == 0 {
			continue
		}
		s.credit += s.taken()
		sum += s.taken()
		if next < 0 || s.credit > p.servers[next].credit {
			next = i
		}
	}
	if next >= 0 {
		p.servers[next].credit -= sum
	}
	return next
}

// list is who is there now.
func (p *pool) list() []poolServer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.servers)
}

// set changes a server; false: there is none of this name. What is owed by
// other weights is forgotten.
func (p *pool) set(name string, change func(*poolServer)) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.servers, func(s poolServer) bool { return s.name == name })
	if i < 0 {
		return false
	}
	change(&p.servers[i])
	for i := range p.servers {
		p.servers[i].credit = 0
	}
	return true
}

// share is a server's part of the traffic.
func (p *pool) share(name string) float64 {
	mine, sum := 0, 0
	for _, s := range p.list() {
		sum += s.taken()
		if s.name == name {
			mine = s.taken()
		}
	}
	return float64(mine) / float64(max(sum, 1))
}
