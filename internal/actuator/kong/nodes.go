package kong

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// health is what a node's balancer says of a target.
type health struct {
	Target string
	Health string // as Kong writes it
	// Data is nil where the balancer does not know the target.
	Data *struct {
		Weight *int `json:"nodeWeight"`
	}
}

// Words of Kong's.
const (
	isHealthy   = "HEALTHY"
	isUnhealthy = "UNHEALTHY"
	isUnknown   = "DNS_ERROR"
)

// down says that the balancer passes a target by, whatever its weight.
func (h health) down() bool { return h.Health == isUnhealthy || h.Health == isUnknown }

// healthy is what checks say; nil: there are none.
func (h health) healthy() *bool {
	if h.Health != isHealthy && !h.down() {
		return nil
	}
	return new(!h.down())
}

// node is what one node says about an upstream.
type node struct {
	name string
	seen map[string]health // nil: it does not say
}

// nodes asks all of them at once. Where none are listed, the one that is written
// to is asked; it may be one that has no balancers, and then nobody can be.
func (a *Actuator) nodes(ctx context.Context, upstream string) []node {
	addresses := a.c.Nodes
	if len(addresses) == 0 {
		only := a.node(ctx, a.c.URL, upstream)
		if only.seen == nil {
			return nil
		}
		return []node{only}
	}
	all := make([]node, len(addresses))
	var done sync.WaitGroup
	for i, address := range addresses {
		done.Go(func() { all[i] = a.node(ctx, address, upstream) })
	}
	done.Wait()
	return all
}

func (a *Actuator) node(ctx context.Context, address, upstream string) node {
	_, name, _ := strings.Cut(address, "://")
	n := node{name: name}
	rows, _, err := list[health](ctx, a, address, "/upstreams/"+url.PathEscape(upstream)+"/health")
	if err != nil {
		a.log.Debug("ask a node of kong", "node", name, "error", err)
		return n
	}
	if !slices.ContainsFunc(rows, balanced) {
		return n // a control plane, or one that has not heard of the upstream
	}
	n.seen = map[string]health{}
	for _, r := range rows {
		n.seen[r.Target] = r
	}
	return n
}

// balanced reports whether the node's balancer knows a target.
func balanced(h health) bool { return h.Data != nil || h.Health != isUnknown }

// first is what the first node that answers says.
func first(nodes []node) map[string]health {
	i := slices.IndexFunc(nodes, func(n node) bool { return n.seen != nil })
	if i < 0 {
		return nil
	}
	return nodes[i].seen
}

// unsettled are the nodes that are not as they should be.
func unsettled(nodes []node, settled func(seen map[string]health) bool) (names []string) {
	for _, n := range nodes {
		if !settled(n.seen) {
			names = append(names, n.name)
		}
	}
	return names
}

// balances reports whether a balancer has some weights. A target that it does not
// know, because its name cannot be resolved, is not held against it.
func balances(seen map[string]health, want weights) bool {
	for target, weight := range want {
		if data := seen[target].Data; data != nil && data.Weight != nil && *data.Weight != weight {
			return false
		}
	}
	return true
}
