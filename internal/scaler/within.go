package scaler

import (
	"bytes"
	"io"
	"net/http"
)

// within hands requests to a handler of this process, instead of a server.
type within struct{ http.Handler }

// RoundTrip is http.RoundTripper's.
func (w within) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	written := &answer{Response: http.Response{
		Status: http.StatusText(http.StatusOK), StatusCode: http.StatusOK,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: r,
	}}
	w.ServeHTTP(written, r)
	written.Body = io.NopCloser(&written.body)
	return &written.Response, nil
}

// answer is a response while it is written.
type answer struct {
	http.Response
	body bytes.Buffer
}

// Header is http.ResponseWriter's.
func (a *answer) Header() http.Header { return a.Response.Header }

// WriteHeader is http.ResponseWriter's.
func (a *answer) WriteHeader(code int) { a.StatusCode, a.Status = code, http.StatusText(code) }

// Write is http.ResponseWriter's. It takes no more than is read of an answer.
func (a *answer) Write(p []byte) (int, error) {
	if a.body.Len()+len(p) > mostBytes+1 {
		return 0, &http.MaxBytesError{Limit: mostBytes}
	}
	return a.body.Write(p)
}
