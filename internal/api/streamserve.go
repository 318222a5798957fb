package api

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
)

// streamFilter selects events: of any of the kinds, and of any of the services.
type streamFilter struct{ kinds, services []string }

func (f streamFilter) takes(e streamEvent) bool {
	return anyOf(f.kinds, e.kind) && anyOf(f.services, e.service)
}

func parseStreamFilter(query string) (f streamFilter, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return f, fail(invalid, "query string cannot be read: %v", err)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		switch key {
		case "type":
			f.kinds = values[key]
		case "service":
			f.services = values[key]
		default:
			return f, fail(invalid, "unknown parameter %s; known are type and service", key)
		}
	}
	for _, kind := range f.kinds {
		if !slices.Contains(streamKinds, kind) {
			return f, fail(invalid, "unknown type %q; known are %s", kind, join(streamKinds))
		}
	}
	return f, nil
}

// ServeHTTP tells one listener what happens, until it goes, is too slow, or the
// stream is closed. Last-Event-ID goes on after an event that it has had.
func (s *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	want, err := parseStreamFilter(r.URL.RawQuery)
	var l *listener
	if err == nil {
		l, err = s.join()
	}
	var f *failure
	if errors.As(err, &f) {
		writeProblem(w, f)
		return
	}
	defer s.leave(l)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // or a proxy would keep events until it has many
	if r.Method == http.MethodHead {
		return
	}
	out := &streamWriter{w: w, control: http.NewResponseController(w), patience: s.o.Patience}
	switch err := s.tell(r, out, l, want); {
	case errors.Is(err, errTooSlow), errors.Is(err, os.ErrDeadlineExceeded):
		s.dropped.Inc()
		s.log.Warn("a listener is too slow and is let go", "remote", r.RemoteAddr)
	case err != nil:
		s.log.Debug("a listener has gone", "remote", r.RemoteAddr, "err", err)
	}
}

var errTooSlow = errors.New("too slow")

// tell writes events as they come.
func (s *Stream) tell(r *http.Request, out *streamWriter, l *listener, want streamFilter) error {
	at, missed := s.from(r.Header.Get("Last-Event-ID"))
	if err := out.begin(s.id(at-1), missed); err != nil {
		return err
	}
	heartbeat := time.NewTicker(s.o.Heartbeat)
	defer heartbeat.Stop()
	for {
		batch, next, lost := s.read(at, want)
		if lost {
			return errors.Join(errTooSlow, out.write([]byte(": too slow: more was told than is kept; come again with the last id\n\n")))
		}
		if err := out.write(batch...); err != nil {
			return err
		}
		if at = next; len(batch) == maxBatch {
			continue
		}
		select {
		case <-l.wake:
		case <-heartbeat.C:
			// The id moves on without an event: what was filtered out was not missed.
			if err := out.write(fmt.Appendf(nil, ": alive\nid: %s\n\n", s.id(at-1))); err != nil {
				return err
			}
		case <-s.done:
			return out.write([]byte(": the engine is stopping\n\n"))
		case <-r.Context().Done():
			return nil
		}
	}
}

// streamWriter writes to one listener. The server's deadline is for answers that
// end; here each write has one of its own.
type streamWriter struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
}

// begin tells where the listener is, so that it can go on from there even if it
// goes before the first event, and whether it has missed something.
func (s *streamWriter) begin(id string, missed bool) error {
	var text strings.Builder
	fmt.Fprintf(&text, "retry: 2000\nid: %s\n\n", id)
	if missed {
		text.WriteString("event: missed\ndata: {\"reason\":\"not_kept\"}\n\n")
	}
	return s.write([]byte(text.String()))
}

func (s *streamWriter) write(texts ...[]byte) error {
	if len(texts) == 0 {
		return nil
	}
	err := s.control.SetWriteDeadline(time.Now().Add(s.patience))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(bytes.Join(texts, nil)); err != nil {
		return err
	}
	return s.control.Flush()
}
