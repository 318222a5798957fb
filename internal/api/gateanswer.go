package api

import (
	"encoding/json"
	"net/http"
	"sync"
)

// answerGate answers GET /api/v1/gate. A fleet of pipelines asks the same thing at
// the same time, so a verdict is encoded once.
func (a *api) answerGate(w http.ResponseWriter, r *http.Request) {
	q, err := gateQuestion(r.URL.RawQuery)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	v := a.Gates.Ask(r.Context(), q)
	body, err := a.encoded.of(v.ID, func() ([]byte, error) { return json.Marshal(a.verdictOf(&v)) })
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// refuse answers with what is wrong.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, a.failureOf(r, err))
}

func (a *api) failureOf(r *http.Request, err error) *failure {
	return jsonHandler{logger: a.Logger}.failureOf(r, err)
}

// Header values that all answers share.
var (
	jsonType = []string{"application/json"}
	noStore  = []string{"no-store"}
)

// writeJSON answers with a document that is encoded.
func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"], h["Cache-Control"] = jsonType, noStore
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// answerJSON is writeJSON of what is not.
func (a *api) answerJSON(w http.ResponseWriter, r *http.Request, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	writeJSON(w, status, append(body, '\n'))
}

// encodedBytes bounds each half of what encodedVerdicts remembers.
const encodedBytes = 8 << 20

// encodedVerdicts remembers verdicts as they are answered, by id. When the newer
// half is full, the older one is forgotten.
type encodedVerdicts struct {
	mu           sync.RWMutex
	newer, older map[string][]byte
	bytes        int // of newer
}

// of is a verdict as it is answered, with a line's end; make is called where that
// is not known. Without an id nothing is remembered.
func (e *encodedVerdicts) of(id string, make func() ([]byte, error)) ([]byte, error) {
	if body := e.find(id); body != nil {
		return body, nil
	}
	body, err := make()
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	if id != "" {
		e.keep(id, body)
	}
	return body, nil
}

func (e *encodedVerdicts) find(id string) []byte {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if body, ok := e.newer[id]; ok {
		return body
	}
	return e.older[id]
}

func (e *encodedVerdicts) keep(id string, body []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.newer == nil || e.bytes+len(body) > encodedBytes {
		e.newer, e.older, e.bytes = map[string][]byte{}, e.newer, 0
	}
	if _, known := e.newer[id]; !known {
		e.newer[id] = body
		e.bytes += len(body)
	}
}
