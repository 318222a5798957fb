package differential

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/prompb"

	"github.com/slo-engine/slo-engine/test/lab"
)

// sample is one value of one series.
type sample struct {
	series string // as Prometheus writes it: name{label="value"}
	at     int64  // ms
	value  float64
}

// stale marks the end of a series.
var stale = math.Float64frombits(value.StaleNaN)

// both are an engine and a Prometheus that hear the same.
type both struct {
	engine *engine
	prom   *lab.Prometheus
	names  map[string][]prompb.Label
}

// anchoring makes Prometheus understand `anchored`, and look back for the
// sample before a window as far as the engine does: to the last one.
var anchoring = []string{"--enable-feature=promql-extended-range-selectors", "--query.lookback-delta=1d"}

// startBoth starts them. They know nothing yet.
func startBoth(t *testing.T, slos, config string, prom lab.PrometheusOptions) *both {
	t.Helper()
	return &both{
		engine: startEngine(t, slos, config),
		prom:   lab.StartPrometheus(t, prom),
		names:  map[string][]prompb.Label{},
	}
}

// perRequest is how many samples go into one request.
const perRequest = 5000

// send writes samples, which are in the order of time, to both. Each must take all of them.
func (b *both) send(t *testing.T, samples ...sample) {
	t.Helper()
	for len(samples) > 0 {
		n := min(len(samples), perRequest)
		if err := b.write(t.Context(), samples[:n]); err != nil {
			t.Fatal(err)
		}
		samples = samples[n:]
	}
}

// write sends one request. One entry for each sample, in the order of time,
// is what a Prometheus sends that catches up.
func (b *both) write(ctx context.Context, samples []sample) error {
	var request prompb.WriteRequest
	for _, s := range samples {
		labels, err := b.labels(s.series)
		if err != nil {
			return err
		}
		request.Timeseries = append(request.Timeseries, prompb.TimeSeries{
			Labels: labels, Samples: []prompb.Sample{{Value: s.value, Timestamp: s.at}},
		})
	}
	message, err := request.Marshal()
	if err != nil {
		return fmt.Errorf("encode samples: %w", err)
	}
	body := snappy.Encode(nil, message)
	for _, url := range []string{b.prom.URL, b.engine.URL} {
		if err := push(ctx, url+"/api/v1/write", body); err != nil {
			return err
		}
	}
	return nil
}

// labels reads the name of a series, once.
func (b *both) labels(series string) ([]prompb.Label, error) {
	if known, ok := b.names[series]; ok {
		return known, nil
	}
	matchers, err := selector(series)
	if err != nil {
		return nil, err
	}
	var list []prompb.Label
	for _, m := range matchers {
		list = append(list, prompb.Label{Name: m.Name, Value: m.Value})
	}
	sortLabels(list)
	b.names[series] = list
	return list, nil
}

// web keeps no connection open, so that a test leaves no goroutine behind.
var web = &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}

func push(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("push samples: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := web.Do(req)
	if err != nil {
		return fmt.Errorf("push samples: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("push samples: %w", err)
	}
	if resp.StatusCode != http.StatusNoContent {
		return fmt.Errorf("push samples: %s answers %s: %s", url, resp.Status, answer)
	}
	return nil
}

// ask evaluates an expression of one value. No value is 0: nothing was counted.
func (b *both) ask(t *testing.T, at time.Time, format string, args ...any) float64 {
	t.Helper()
	v, err := b.prom.Query(t.Context(), fmt.Sprintf(format, args...), at)
	if err != nil {
		t.Fatal(err)
	}
	switch len(v) {
	case 0:
		return 0
	case 1:
		return float64(v[0].Value)
	}
	t.Fatalf("%s has %d values, want one", fmt.Sprintf(format, args...), len(v))
	return 0
}

var errTooEarly = errors.New("it is too early")
