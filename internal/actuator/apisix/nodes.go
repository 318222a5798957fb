package apisix

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// unsettled are the nodes that do not have an object as it should be yet, by
// what their control APIs say; one that says nothing does not have it. Path is
// the control API's, such as /v1/route/pay; there wants the object, nil that
// there is none.
func (g *gateway) unsettled(ctx context.Context, path string, there func(document) bool) (names []string) {
	for _, control := range g.c.Control {
		got, _, err := g.do(ctx, http.MethodGet, strings.TrimRight(control, "/")+path, http.Header{}, nil)
		var object struct {
			Value document `json:"value"`
		}
		settled := false
		switch {
		case err != nil:
		case got.status == http.StatusNotFound:
			settled = there == nil
		case got.status == http.StatusOK && json.Unmarshal(got.body, &object) == nil && there != nil:
			settled = there(object.Value)
		}
		if u, err := url.Parse(control); !settled && err == nil {
			names = append(names, u.Host)
		}
	}
	return names
}

// healthy are the nodes of an upstream that are checked, by host:port and by
// hostname:port. One that any of APISIX's nodes finds ill is ill.
func (g *gateway) healthy(ctx context.Context, upstream string) map[string]bool {
	well := map[string]bool{}
	for _, control := range g.c.Control {
		got, _, err := g.do(ctx, http.MethodGet, strings.TrimRight(control, "/")+"/v1/healthcheck/upstreams/"+upstream, http.Header{}, nil)
		var checks struct {
			Nodes []struct {
				IP, Hostname, Status string
				Port                 int
			}
		}
		if err != nil || got.status != http.StatusOK || json.Unmarshal(got.body, &checks) != nil {
			continue // it has no checks, or says nothing
		}
		for _, n := range checks.Nodes {
			up := n.Status == "healthy" || n.Status == "mostly_healthy"
			for _, host := range []string{n.IP, n.Hostname} {
				if host == "" {
					continue
				}
				name := net.JoinHostPort(host, strconv.Itoa(n.Port))
				before, known := well[name]
				well[name] = up && (before || !known)
			}
		}
	}
	return well
}
