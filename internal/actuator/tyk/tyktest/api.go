package tyktest

import (
	"encoding/json"
	"io"
	"net/http"
)

const extension = "x-tyk-api-gateway"

// handler is a node's Gateway API.
func (n *node) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]http.HandlerFunc{
		"GET /tyk/apis/{id}":     func(w http.ResponseWriter, r *http.Request) { n.get(w, r, false) },
		"PUT /tyk/apis/{id}":     func(w http.ResponseWriter, r *http.Request) { n.put(w, r, false) },
		"GET /tyk/apis/oas/{id}": func(w http.ResponseWriter, r *http.Request) { n.get(w, r, true) },
		"PUT /tyk/apis/oas/{id}": func(w http.ResponseWriter, r *http.Request) { n.put(w, r, true) },
		"GET /tyk/reload/{$}":    func(w http.ResponseWriter, r *http.Request) { n.reload(w, r, n) },
		"GET /tyk/reload/group":  func(w http.ResponseWriter, r *http.Request) { n.reload(w, r, n.tyk.nodes...) },
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Tyk-Authorization") != n.tyk.secret {
				fail(w, http.StatusForbidden, "Attempted administrative access with invalid or missing key!")
				return
			}
			do(w, r)
		})
	}
	return mux
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, object{"status": "error", "message": message})
}

// get tells what is loaded.
func (n *node) get(w http.ResponseWriter, r *http.Request, oas bool) {
	n.tyk.mu.Lock()
	defer n.tyk.mu.Unlock()
	switch d, there := n.loaded[r.PathValue("id")]; {
	case !there:
		fail(w, http.StatusNotFound, "API not found")
	case oas && !d.oas:
		fail(w, http.StatusBadRequest, "the requested API definition is in Tyk classic format, please use old api endpoint")
	default:
		answer(w, http.StatusOK, d.text)
	}
}

// put writes a file.
func (n *node) put(w http.ResponseWriter, r *http.Request, oas bool) {
	id := r.PathValue("id")
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	d, malformed := parse(oas, text)
	n.tyk.mu.Lock()
	defer n.tyk.mu.Unlock()
	old, there := n.loaded[id]
	switch {
	case n.tyk.dashboard:
		fail(w, http.StatusInternalServerError, "Due to enabled use_db_app_configs, please use the Dashboard API")
	case !there:
		fail(w, http.StatusNotFound, "API not found")
	case old.oas != oas:
		fail(w, http.StatusBadRequest, "the definition is of the other format")
	case malformed != nil:
		fail(w, http.StatusBadRequest, "Request malformed")
	case d.id() != id:
		fail(w, http.StatusBadRequest, "Request APIID does not match that in Definition! For Update operations these must match.")
	default:
		n.tyk.files[id] = d
		answer(w, http.StatusOK, object{"key": id, "status": "ok", "action": "modified"})
	}
}

func (d definition) id() string {
	id, _ := d.all["api_id"].(string)
	if d.oas {
		id, _ = find(d.all, extension, "info", "id").(string)
	}
	return id
}

// find walks into objects; nil: there is nothing.
func find(in any, path ...string) any {
	for _, name := range path {
		inner, _ := in.(object)
		in = inner[name]
	}
	return in
}

// reload asks nodes to load the files at the next tick. Who waits for it has the
// time pass.
func (n *node) reload(w http.ResponseWriter, r *http.Request, nodes ...*node) {
	k := n.tyk
	k.mu.Lock()
	broken, hold := k.broken, k.hold
	if broken == 0 {
		for _, one := range nodes {
			one.asked = true
		}
		if r.URL.Query().Get("block") == "true" {
			k.advance(n.next(k.now).Sub(k.now))
		}
	}
	k.mu.Unlock()
	switch {
	case broken != 0:
		fail(w, broken, http.StatusText(broken))
	case hold != nil:
		select {
		case <-hold:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	default:
		answer(w, http.StatusOK, object{"status": "ok", "message": ""})
	}
}
