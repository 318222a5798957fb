package api

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
)

// answer makes the JSON document that a request asks for. A *failure is shown
// as it is; any other error is logged and shown as an internal one.
type answer func(*http.Request) (any, error)

// streamed is a document that writes itself, because all of it at once would
// take too much memory.
type streamed interface {
	writeJSON(io.Writer) error
}

type jsonHandler struct {
	answer answer
	logger *slog.Logger
}

func (h jsonHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	document, err := h.answer(r)
	if err != nil {
		h.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := send(w, document); err != nil {
		h.logger.Debug("answer not sent", "path", r.URL.Path, "err", err)
	}
}

func (h jsonHandler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, h.failureOf(r, err))
}

// failureOf is an error as anyone may see it.
func (h jsonHandler) failureOf(r *http.Request, err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	h.logger.Error("request failed", "path", r.URL.Path, "err", err)
	return fail(internal, "the engine could not answer; its log says why")
}

func send(w io.Writer, document any) error {
	out := bufio.NewWriterSize(w, 32<<10)
	if s, ok := document.(streamed); ok {
		if err := s.writeJSON(out); err != nil {
			return err
		}
	} else if err := json.NewEncoder(out).Encode(document); err != nil {
		return err
	}
	return out.Flush()
}
