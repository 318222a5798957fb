package kongtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Send sends a request to a route by way of a node, and tells what it is answered
// with, and by which target; by none where Kong answers by itself.
func (k *Kong) Send(node int, route string) (status int, target string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.nodes[node]
	for _, r := range n.live.Routes {
		if r.Name != route {
			continue
		}
		if status := n.answers(r); status != 0 {
			return status, ""
		}
		if target = n.picks(n.live.Services[r.Service.ID].Host); target == "" {
			return http.StatusServiceUnavailable, ""
		}
		return http.StatusOK, target
	}
	return http.StatusNotFound, ""
}

// answers is what plugins say instead of a target; 0: nothing. Of one name only
// the one that is closest to the route runs.
func (n *node) answers(r route) int {
	running := map[string]plugin{}
	for _, p := range n.live.Plugins {
		if !p.Enabled || p.Consumer != nil {
			continue
		}
		if id(p.Route) == r.ID {
			running[p.Name] = p
		} else if _, closer := running[p.Name]; !closer && p.Route == nil && id(p.Service) == r.Service.ID {
			running[p.Name] = p
		}
	}
	if p, there := running["request-termination"]; there && p.Config["trigger"] == nil {
		return int(p.Config["status_code"].(float64))
	}
	if p, there := running["rate-limiting"]; there && n.exceeds(p) {
		return http.StatusTooManyRequests
	}
	return 0
}

// exceeds counts a request, by seconds and minutes of the cluster's clock.
func (n *node) exceeds(p plugin) (over bool) {
	for period, length := range map[string]int64{"second": 1, "minute": 60} {
		limit, set := p.Config[period].(float64)
		if !set {
			continue
		}
		key := fmt.Sprint(p.ID, period, n.kong.now.Unix()/length)
		n.counts[key]++
		over = over || float64(n.counts[key]) > limit
	}
	return over
}

// picks is the target whose turn it is, in proportion to the weights: each gets
// its weight, and who has most goes and pays for all.
func (n *node) picks(name string) (chosen string) {
	weights, sum := map[string]int{}, 0
	for _, u := range n.live.Upstreams {
		if u.Name != name {
			continue
		}
		for _, t := range n.live.of(u) {
			if !u.Checked || !n.down[t.Target] {
				weights[t.Target] = t.Weight
				sum += t.Weight
			}
		}
	}
	for _, t := range slices.Sorted(maps.Keys(weights)) {
		n.due[t] += weights[t]
		if weights[t] > 0 && (chosen == "" || n.due[t] > n.due[chosen]) {
			chosen = t
		}
	}
	n.due[chosen] -= sum
	return chosen
}
