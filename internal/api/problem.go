package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// code names why a request failed. Clients may branch on it: it is the last
// part of a problem's type and never changes.
type code string

const (
	invalid              code = "invalid"
	forbidden            code = "forbidden"
	missing              code = "not_found"
	methodNotAllowed     code = "method_not_allowed"
	unsupportedMediaType code = "unsupported_media_type"
	conflict             code = "conflict"
	tooLarge             code = "too_large"
	unavailable          code = "unavailable"
	internal             code = "internal"
)

var statusOf = map[code]int{
	invalid:              http.StatusBadRequest,
	forbidden:            http.StatusForbidden,
	missing:              http.StatusNotFound,
	methodNotAllowed:     http.StatusMethodNotAllowed,
	unsupportedMediaType: http.StatusUnsupportedMediaType,
	conflict:             http.StatusConflict,
	tooLarge:             http.StatusRequestEntityTooLarge,
	unavailable:          http.StatusServiceUnavailable,
	internal:             http.StatusInternalServerError,
}

// failure is an error whose text may be shown to anyone.
type failure struct {
	code   code
	detail string
}

func (f *failure) Error() string { return f.detail }

func fail(c code, format string, args ...any) *failure {
	return &failure{c, fmt.Sprintf(format, args...)}
}

func writeProblem(w http.ResponseWriter, f *failure) {
	status := statusOf[f.code]
	body, err := json.Marshal(apitypes.Problem{
		Type:   "urn:slo-engine:problem:" + string(f.code),
		Title:  http.StatusText(status),
		Status: status,
		Detail: f.detail,
	})
	if err != nil { // strings and a number always marshal
		panic(err)
	}
	if f.code == unavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", apitypes.ProblemType)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the client may be gone
}

func notFound(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/metrics" {
		writeProblem(w, fail(missing, "OTLP has a port of its own (otlp.http in slo-engine.yaml), by default 4318"))
		return
	}
	writeProblem(w, fail(missing, "there is nothing at %s; /api/v1/openapi.yaml lists what there is", r.URL.Path))
}

// absent answers for a part of the surface that this engine runs without.
func absent(why string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, fail(missing, "%s", why))
	})
}
