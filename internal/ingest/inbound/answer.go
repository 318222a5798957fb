package inbound

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// problem is why a message was not taken.
type problem struct {
	status       int
	code, detail string
}

func invalid(detail string) *problem {
	return &problem{http.StatusBadRequest, "invalid", detail}
}

// busy is for what may work a little later.
func busy(detail string) *problem {
	return &problem{http.StatusServiceUnavailable, "unavailable", detail}
}

// answer is one HTTP response.
type answer struct {
	status int
	kind   string
	body   any
}

// answer is a problem document as the API's others are.
func (p *problem) answer() answer {
	return answer{p.status, "application/problem+json", map[string]any{
		"type": "urn:slo-engine:problem:" + p.code, "title": http.StatusText(p.status), "status": p.status, "detail": p.detail,
	}}
}

// maxNamed is how many bad alerts an answer names.
const maxNamed = 10

// done answers a message of which all is on disk that could be read.
func (r received) done(taken remediation.Taken) answer {
	if len(r.bad) > 0 && len(r.alerts) == 0 {
		return invalid(fmt.Sprintf("none of %d alerts could be taken: alert %d: %s", r.total, r.bad[0].Alert, r.bad[0].Problem)).answer()
	}
	if taken == nil {
		taken = remediation.Taken{}
	}
	body := map[string]any{"alerts": r.total, "taken": taken}
	if len(r.bad) > 0 {
		body["malformed"], body["problems"] = len(r.bad), r.bad[:min(len(r.bad), maxNamed)]
	}
	return answer{http.StatusOK, "application/json", body}
}

func (a answer) write(w http.ResponseWriter) {
	body, err := json.Marshal(a.body)
	if err != nil { // texts and numbers always can be
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	switch a.status {
	case http.StatusServiceUnavailable: // not all at once
		h.Set("Retry-After", strconv.Itoa(1+rand.IntN(5)))
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(append(body, '\n')) // the sender may be gone
}
