package tyktest

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Send sends a request to an operation of an API by way of a node, and tells what
// it is answered with, and by which target; by none where Tyk answers by itself.
// Fails: the target answers 500.
func (k *Tyk) Send(node int, api, operation string, fails bool) (status int, target string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.nodes[node]
	d, there := n.loaded[api]
	if !there {
		return http.StatusNotFound, ""
	}
	if !d.oas {
		return n.classic(api, d)
	}
	middleware := find(d.all, extension, "middleware", "operations", operation)
	for key, limit := range map[string]any{
		api: find(d.all, extension, "upstream", "rateLimit"), api + " " + operation: find(middleware, "rateLimit"),
	} {
		per, _ := find(limit, "per").(string)
		length, _ := time.ParseDuration(per)
		if on, _ := find(limit, "enabled").(bool); on && n.exceeds(key, find(limit, "rate"), length) {
			return http.StatusTooManyRequests, ""
		}
	}
	if on, _ := find(middleware, "mockResponse", "enabled").(bool); on {
		code, _ := find(middleware, "mockResponse", "code").(float64)
		return int(code), ""
	}
	if n.open(api+" "+operation, find(middleware, "circuitBreaker"), fails) {
		return http.StatusServiceUnavailable, ""
	}
	status = http.StatusOK
	if fails {
		status = http.StatusInternalServerError
	}
	list, _ := find(d.all, extension, "upstream", "loadBalancing", "targets").([]any)
	var targets []string
	for _, one := range list {
		weight, _ := find(one, "weight").(float64)
		targets = append(targets, slices.Repeat([]string{find(one, "url").(string)}, int(weight))...)
	}
	return status, n.turn(api, targets)
}

// classic is a request to an API of that format.
func (n *node) classic(api string, d definition) (status int, target string) {
	per, _ := find(d.all, "global_rate_limit", "per").(float64)
	rate := find(d.all, "global_rate_limit", "rate")
	off, _ := find(d.all, "global_rate_limit", "disabled").(bool)
	if !off && per > 0 && n.exceeds(api, rate, time.Duration(per*float64(time.Second))) {
		return http.StatusTooManyRequests, ""
	}
	list, _ := find(d.all, "proxy", "target_list").([]any)
	var targets []string
	for _, one := range list {
		targets = append(targets, one.(string))
	}
	return http.StatusOK, n.turn(api, targets)
}

// turn goes round a list.
func (n *node) turn(api string, targets []string) string {
	if len(targets) == 0 {
		return "the API's own URL"
	}
	n.turns[api]++
	return targets[n.turns[api]%len(targets)]
}

// exceeds counts a request, by periods of the group's clock.
func (n *node) exceeds(key string, rate any, per time.Duration) bool {
	most, _ := rate.(float64)
	if most <= 0 || per <= 0 {
		return false
	}
	key = fmt.Sprint(key, " ", n.tyk.now.Truncate(per).Unix())
	n.counts[key]++
	return float64(n.counts[key]) > most
}

// open counts a call, and reports whether so many have failed that no more are
// made. It does not close again.
func (n *node) open(key string, breaker any, fails bool) bool {
	if on, _ := find(breaker, "enabled").(bool); !on {
		return false
	}
	threshold, _ := find(breaker, "threshold").(float64)
	sample, _ := find(breaker, "sampleSize").(float64)
	calls := float64(n.calls[key])
	if calls >= sample && float64(n.failures[key]) >= threshold*calls {
		return true
	}
	n.calls[key]++
	if fails {
		n.failures[key]++
	}
	return false
}
