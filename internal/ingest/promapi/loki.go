package promapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
)

// Loki answers as Prometheus does, under a prefix; but what is wrong with a
// query it says in plain text.

// mostOfError is how much of an error's text is read.
const mostOfError = 4 << 10

// spelled makes of such a text what Prometheus would answer.
type spelled struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (s spelled) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.RoundTripper.RoundTrip(r)
	if err != nil || answer.StatusCode != http.StatusBadRequest || strings.HasPrefix(answer.Header.Get("Content-Type"), "application/json") {
		return answer, err
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostOfError))
	_ = answer.Body.Close() // what is left of it is of no use
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]string{"status": "error", "errorType": string(promv1.ErrBadData), "error": strings.TrimSpace(string(text))})
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	answer.ContentLength = int64(len(body))
	return answer, nil
}

// CloseIdleConnections is what http.Client asks for.
func (s spelled) CloseIdleConnections() {
	if c, ok := s.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
