package loki

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// failure is what loki-client-go says of a push that failed.
type failure struct {
	// status is Loki's; below 1 when it did not answer.
	status int
	err    error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// final reports whether Loki refuses these lines. Everything else may be
// another time: also a password that is wrong may be mended.
func (f *failure) final() bool {
	switch f.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// clientLog is the logger of loki-client-go, from which it is heard why a push
// failed. What it says is for debugging: the mirror says what matters.
type clientLog struct {
	logger *slog.Logger
	failed atomic.Pointer[failure]
}

// Log implements log.Logger of go-kit.
func (l *clientLog) Log(pairs ...any) error {
	message, f, attributes := "", failure{}, []any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch key := fmt.Sprint(pairs[i]); key {
		case "msg":
			message = fmt.Sprint(pairs[i+1])
		case "status":
			f.status, _ = pairs[i+1].(int)
		case "error":
			f.err, _ = pairs[i+1].(error)
		case "level", "component":
		default:
			attributes = append(attributes, key, pairs[i+1])
		}
	}
	if f.err != nil {
		l.failed.Store(&f)
		attributes = append(attributes, "status", f.status, "error", f.err)
	}
	l.logger.Debug(message, attributes...)
	return nil
}

// count is how many lines are settled.
type count struct{ sent, dropped int }

func (c count) since(before count) count {
	return count{c.sent - before.sent, c.dropped - before.dropped}
}

// tally reads what loki-client-go counts for one host: it has no other way to
// learn what became of lines.
type tally struct{ sent, dropped prometheus.Counter }

func newTally(host string) (t tally, err error) {
	sent, err := global("sent_entries_total", "Number of log entries sent to the ingester.")
	if err != nil {
		return t, err
	}
	dropped, err := global("dropped_entries_total", "Number of log entries dropped because failed to be sent to the ingester after all retries.")
	if err != nil {
		return t, err
	}
	return tally{sent.WithLabelValues(host), dropped.WithLabelValues(host)}, nil
}

// global finds a collector of loki-client-go, which keeps it to itself but in
// the global registry: that names the one it has when another like it comes.
func global(name, help string) (*prometheus.CounterVec, error) {
	like := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "promtail", Name: name, Help: help}, []string{"host"})
	var known prometheus.AlreadyRegisteredError
	if errors.As(prometheus.Register(like), &known) {
		if found, ok := known.ExistingCollector.(*prometheus.CounterVec); ok {
			return found, nil
		}
	}
	return nil, fmt.Errorf("set up Loki: its client does not count promtail_%s", name)
}

func (t tally) read() count { return count{value(t.sent), value(t.dropped)} }

func value(c prometheus.Counter) int {
	var m dto.Metric
	if c.Write(&m) != nil { // which only has an error to return
		return 0
	}
	return int(m.GetCounter().GetValue())
}
