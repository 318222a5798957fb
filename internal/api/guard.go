package api

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// guard keeps other people's web pages from using a visitor's browser to
// change something here. A page of another origin is told apart by the
// Sec-Fetch-Site or Origin header; a page whose own name was made to resolve
// to this machine (DNS rebinding) by the Host header, which still carries
// that name. Requests that only read pass.
type guard struct {
	hosts  map[string]bool
	any    bool
	origin *http.CrossOriginProtection
}

func newGuard(hosts []string, external *url.URL) *guard {
	g := &guard{hosts: map[string]bool{"localhost": true}, origin: http.NewCrossOriginProtection()}
	for _, h := range append([]string{external.Hostname()}, hosts...) {
		g.any = g.any || h == "*"
		g.hosts[hostName(h)] = true
	}
	delete(g.hosts, "")
	if external.Scheme != "" && external.Host != "" {
		// Refused only if it is no origin, and then no page can come from it.
		_ = g.origin.AddTrustedOrigin(external.Scheme + "://" + external.Host)
	}
	g.origin.SetDenyHandler(http.HandlerFunc(refuseOrigin))
	return g
}

// nosniff is shared by all answers.
var nosniff = []string{"nosniff"}

// protect guards a handler; reads says that it changes nothing, whatever the
// method: Grafana asks with forms, under any name.
func (g *guard) protect(next http.Handler, reads bool) http.Handler {
	next = g.origin.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["X-Content-Type-Options"] = nosniff
		if !reads && changes(r) && !g.knows(r.Host) {
			writeProblem(w, fail(forbidden, "host %q is not one this engine answers to; set external_url to the address "+
				"people use, list the name among the allowed hosts, or ask for localhost", r.Host))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuseOrigin(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, fail(forbidden, "origin %q may not change anything at host %q; only pages of the engine itself may, "+
		"and those below external_url", r.Header.Get("Origin"), r.Host))
}

// knows reports whether host, with or without a port, is an allowed name or
// a loopback address.
func (g *guard) knows(host string) bool {
	name := hostName(host)
	if g.any || g.hosts[name] {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// hostName is host in lower case without its port, brackets and final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// changes reports whether the method may change something.
func changes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return true
}

// wantJSON refuses bodies of another type: those a plain HTML form can send
// from anywhere.
func wantJSON(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		hasBody := r.Method == http.MethodPost || r.Method == http.MethodPut || r.Method == http.MethodPatch
		if hasBody && (err != nil || media != "application/json") {
			writeProblem(w, fail(unsupportedMediaType, "send this with Content-Type: application/json, not %q",
				r.Header.Get("Content-Type")))
			return
		}
		next.ServeHTTP(w, r)
	})
}
