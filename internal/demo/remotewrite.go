package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/client_golang/prometheus"
)

// remoteWriter sends what a registry holds by Prometheus remote write 1.0.
//
// It keeps no queue: counters are cumulative, so a push that failed is made
// good by the next one.
type remoteWriter struct {
	url      string
	client   *http.Client
	gatherer prometheus.Gatherer
	// job and instance are the target labels, as a scrape would add them.
	job, instance string

	mu   sync.Mutex // one push at a time, and guards last
	last time.Time
}

// push gathers and sends once.
func (w *remoteWriter) push(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	// Samples carry milliseconds, and a receiver ignores one that is not newer
	// than the last: two pushes must never share one.
	w.last = later(time.Now(), w.last.Add(time.Millisecond))
	families, err := w.gatherer.Gather()
	if err != nil {
		return fmt.Errorf("gather metrics: %w", err)
	}
	request := encode(families, w.last, w.job, w.instance)
	raw, err := request.Marshal()
	if err != nil {
		return fmt.Errorf("encode remote write: %w", err)
	}
	if err := w.send(ctx, snappy.Encode(nil, raw)); err != nil {
		return fmt.Errorf("push remote write: %w", err)
	}
	return nil
}

func (w *remoteWriter) send(ctx context.Context, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	request.Header.Set("Content-Encoding", "snappy")
	request.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	request.Header.Set("User-Agent", "slo-engine-demo")
	response, err := w.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s: %s", w.url, response.Status, bytes.TrimSpace(answer))
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
