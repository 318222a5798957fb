package kongtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
)

// maxBody is what a node takes at once, in bytes.
const maxBody = 1 << 20

// failure is what Kong answers instead of an entity.
type failure struct {
	status  int
	message string
}

func (f failure) Error() string { return f.message }

var notFound = failure{http.StatusNotFound, "Not found"}

// call is one at the Admin API, under the cluster's lock.
type call struct {
	*node
	db   *database
	r    *http.Request
	body []byte
}

// handler is a node's Admin API.
func (n *node) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, do := range map[string]func(*call) (int, any, error){
		"GET /{$}":                                (*call).about,
		"GET /upstreams/{u}":                      (*call).upstream,
		"GET /upstreams/{u}/health":               (*call).health,
		"GET /upstreams/{u}/targets":              (*call).targets,
		"GET /upstreams/{u}/targets/all":          (*call).targets,
		"POST /upstreams/{u}/targets":             (*call).addTarget,
		"PATCH /upstreams/{u}/targets/{t}":        (*call).setTarget,
		"PUT /upstreams/{u}/targets/{t}":          (*call).setTarget,
		"DELETE /upstreams/{u}/targets/{t}":       (*call).removeTarget,
		"PUT /upstreams/{u}/targets/{t}/{health}": (*call).markTarget,
		"GET /routes/{name}":                      (*call).owner,
		"GET /services/{name}":                    (*call).owner,
		"GET /routes/{name}/plugins":              (*call).plugins,
		"GET /services/{name}/plugins":            (*call).plugins,
		"POST /plugins":                           (*call).putPlugin,
		"GET /plugins/{id}":                       (*call).plugin,
		"PUT /plugins/{id}":                       (*call).putPlugin,
		"PATCH /plugins/{id}":                     (*call).patchPlugin,
		"DELETE /plugins/{id}":                    (*call).removePlugin,
		"POST /config":                            (*call).load,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { n.serve(w, r, do) })
	}
	return mux
}

// serve answers one call.
func (n *node) serve(w http.ResponseWriter, r *http.Request, do func(*call) (int, any, error)) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	n.kong.mu.Lock()
	defer n.kong.mu.Unlock()
	var status int
	var answer any
	switch refused := n.kong.refuses(r, len(body)); {
	case err != nil:
		return
	case refused != nil:
		err = refused
	default:
		status, answer, err = do(&call{n, &n.kong.db, r, body})
	}
	w.Header().Set("Date", n.kong.now.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	var f failure
	if errors.As(err, &f) {
		if f.status == http.StatusTooManyRequests {
			w.Header().Set("Retry-After", "1")
		}
		status, answer = f.status, map[string]any{"message": f.message}
	}
	if r.Method != http.MethodGet && err == nil && !n.stuck {
		n.fetched = n.kong.db.clone() // who takes a write knows of it
	}
	w.WriteHeader(status)
	if answer != nil {
		_ = json.NewEncoder(w).Encode(answer)
	}
}

// refuses says why a call is not carried out.
func (k *Kong) refuses(r *http.Request, size int) error {
	switch {
	case k.token != "" && r.Header.Get("Kong-Admin-Token") != k.token:
		return failure{http.StatusUnauthorized, "Invalid credentials. Token or User credentials required"}
	case r.Method == http.MethodGet:
		return nil
	case k.mode != 0:
		return failure{k.mode, http.StatusText(k.mode)}
	case size > maxBody:
		return failure{http.StatusRequestEntityTooLarge, "request body too large"}
	case k.off && r.URL.Path != "/config":
		return failure{http.StatusMethodNotAllowed, "cannot create, update or delete entities when not using a database"}
	case !k.off && r.URL.Path == "/config":
		return failure{http.StatusBadRequest, "this endpoint is only available when Kong is configured to not use a database"}
	}
	return nil
}

func (c *call) about() (int, any, error) {
	database := "postgres"
	if c.kong.off {
		database = "off"
	}
	return http.StatusOK, map[string]any{"version": "3.9.3", "node_id": c.id, "configuration": map[string]any{
		"database": database, "db_update_frequency": Every.Seconds(), "db_update_propagation": 0,
		"worker_state_update_frequency": Every.Seconds(), "worker_consistency": "eventual",
	}}, nil
}

// load takes a whole document, and looks only whether it is another one.
func (c *call) load() (int, any, error) {
	document := string(c.body)
	if c.r.URL.Query().Get("check_hash") != "" && document == c.kong.hash {
		return http.StatusNotModified, nil, nil
	}
	if !json.Valid(c.body) {
		return 0, nil, failure{http.StatusBadRequest, "declarative config is invalid"}
	}
	c.kong.hash = document
	return http.StatusCreated, map[string]any{}, nil
}

// into reads the body, and refuses what it does not know.
func (c *call) into(v any) error {
	if !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		return failure{http.StatusBadRequest, "no JSON"}
	}
	decoder := json.NewDecoder(bytes.NewReader(c.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return failure{http.StatusBadRequest, "schema violation (" + err.Error() + ")"}
	}
	return nil
}

// page is a collection with one page.
func page[T any](rows []T, name func(T) string) (int, any, error) {
	slices.SortFunc(rows, func(x, y T) int { return strings.Compare(name(x), name(y)) })
	return http.StatusOK, map[string]any{"data": append([]T{}, rows...), "next": nil}, nil
}
