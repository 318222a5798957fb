package prom

import (
	"encoding/json"
	"net/http"

	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// The kinds of errors that our own endpoints have, as Prometheus names them.
const (
	badData = "bad_data"
	timeout = "timeout"
)

var codes = map[string]int{badData: http.StatusBadRequest, timeout: http.StatusServiceUnavailable}

// succeed answers as the library does.
func succeed(w http.ResponseWriter, data any) {
	write(w, http.StatusOK, v1.Response{Status: "success", Data: data})
}

// fail answers as the library does.
func fail(w http.ResponseWriter, kind string, err error) {
	answer := struct {
		Status    string `json:"status"`
		ErrorType string `json:"errorType"`
		Error     string `json:"error"`
	}{"error", kind, err.Error()}
	write(w, codes[kind], answer)
}

func write(w http.ResponseWriter, code int, answer any) {
	text, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(text) // a client that went away needs no answer
}
