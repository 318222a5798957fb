package auth

import (
	"encoding/json"
	"net/http"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// Refusal is why somebody is not let in. Its text may be shown to them.
type Refusal struct {
	// Status is the HTTP status that says so: 401, 403, 429 or 503.
	Status int
	// Detail says what to do.
	Detail string

	reason     reason
	challenges []string // how one may log in
}

// Error is the detail.
func (r *Refusal) Error() string { return r.Detail }

// reason is a label of the metric, which must not grow.
type reason string

const (
	badPassword reason = "password" // of a user, or no such user
	badToken    reason = "token"
	badHeader   reason = "header" // an Authorization that nobody can read
	noneGiven   reason = "none"
	noRole      reason = "role"
	busy        reason = "busy" // passwords are being compared already
	tooMany     reason = "rate_limit"
)

var reasons = []reason{badPassword, badToken, badHeader, noneGiven, noRole, busy, tooMany}

// codes are the last part of a problem's type, as elsewhere in the API.
var codes = map[int]string{
	http.StatusUnauthorized: "unauthorized", http.StatusForbidden: "forbidden",
	http.StatusTooManyRequests: "too_many_requests", http.StatusServiceUnavailable: "unavailable",
}

// Headers puts what belongs to the refusal beside the text.
func (r *Refusal) Headers(h http.Header) {
	for _, c := range r.challenges {
		h.Add("WWW-Authenticate", c)
	}
	if r.Status == http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests {
		h.Set("Retry-After", "1")
	}
}

// write answers with a problem.
func (r *Refusal) write(w http.ResponseWriter) {
	body, err := json.Marshal(apitypes.Problem{
		Type: "urn:slo-engine:problem:" + codes[r.Status], Title: http.StatusText(r.Status), Status: r.Status, Detail: r.Detail,
	})
	if err != nil { // strings and a number always marshal
		panic(err)
	}
	r.Headers(w.Header())
	w.Header().Set("Content-Type", apitypes.ProblemType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(r.Status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}
