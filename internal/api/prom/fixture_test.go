package prom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/slo-engine/slo-engine/internal/store/history"
)

// minutes is how much history the fixture has.
const minutes = 180

// start is when the history of the fixture begins, on a whole minute.
var start = time.Now().Add(-minutes * time.Minute).Truncate(time.Minute)

// page is what /metrics/slo said at a minute: counters of which one starts
// anew, an SLO that comes late, one that is gone, burn rates that are absent
// for a while.
func page(minute int) string {
	var b strings.Builder
	gauge := func(metric, labels string, v float64) { fmt.Fprintf(&b, "%s{%s} %g\n", metric, labels, v) }
	fmt.Fprintln(&b, "# HELP slo_events_total Events counted since the engine began to count, by result.\n# TYPE slo_events_total counter")
	for i, slo := range []string{"availability", "latency", "freshness"} {
		if slo == "freshness" && minute < 90 || slo == "latency" && minute > 150 {
			continue
		}
		base := fmt.Sprintf(`service="shop",slo=%q,slo_id="shop:%s",period="30d"`, slo, slo)
		count := float64(minute)
		if minute >= 100 && i == 0 {
			count -= 100
		}
		gauge("slo_events_total", base+`,result="good"`, 1000*count*float64(i+1))
		gauge("slo_events_total", base+`,result="bad"`, float64(i+1)*count*count/10)
	}
	fmt.Fprintln(&b, "# HELP slo_burn_rate Burn.\n# TYPE slo_burn_rate gauge")
	for i, slo := range []string{"availability", "latency"} {
		for j, window := range []string{"1h", "5m"} {
			if minute%50 < 40 || i == 1 {
				gauge("slo_burn_rate", fmt.Sprintf(`service="shop",slo=%q,window=%q`, slo, window), math.Abs(math.Sin(float64(minute)/20))*float64(i+1)/float64(2-j))
			}
		}
	}
	fmt.Fprintln(&b, "# HELP slo_error_budget_remaining_ratio Left.\n# TYPE slo_error_budget_remaining_ratio gauge")
	gauge("slo_error_budget_remaining_ratio", `service="shop",slo="availability"`, 1-float64(minute)/100)
	return b.String()
}

// filled is a store with the fixture's history.
func filled(t testing.TB) *history.Store {
	t.Helper()
	s, err := history.Open(t.TempDir(), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for m := range minutes {
		if err := s.Append(said(t, start.Add(time.Duration(m)*time.Minute), page(m))); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// serving is a server that answers as the engine does, below /prometheus.
func serving(t testing.TB, o Options) string {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/prometheus", h))
	t.Cleanup(server.Close)
	return server.URL + "/prometheus"
}

// answer is what a server said.
type answer struct {
	code int
	body map[string]any
	text string
}

func asked(t testing.TB, method, base, path string, values url.Values) answer {
	t.Helper()
	target, body := base+path, io.Reader(nil)
	if method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	} else if len(values) > 0 {
		target += "?" + values.Encode()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{code: res.StatusCode, text: string(text)}
	_ = json.Unmarshal(text, &a.body) // pages are no JSON
	return a
}

var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}

// pushed sends everything a store has to a Prometheus, ten minutes at a time:
// it takes nothing that is an hour older than its newest.
func pushed(t testing.TB, s storage.Queryable, to string) {
	t.Helper()
	for m := 0; m < minutes; m += 10 {
		from := start.Add(time.Duration(m) * time.Minute)
		request := prompb.WriteRequest{Timeseries: stored(t, s, from, from.Add(10*time.Minute-time.Millisecond))}
		text, err := request.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		res, err := client.Post(to+"/api/v1/write", "application/x-protobuf", bytes.NewReader(snappy.Encode(nil, text)))
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode/100 != 2 {
			t.Fatalf("remote write: %s %s", res.Status, said)
		}
	}
}

// stored is all series of a store, stale markers included.
func stored(t testing.TB, s storage.Queryable, from, to time.Time) (list []prompb.TimeSeries) {
	t.Helper()
	q, err := s.Querier(from.UnixMilli(), to.UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, "__name__", ".+"))
	for set.Next() {
		series := prompb.TimeSeries{Labels: prompb.FromLabels(set.At().Labels(), nil)}
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			at, v := it.At()
			series.Samples = append(series.Samples, prompb.Sample{Timestamp: at, Value: v})
		}
		list = append(list, series)
	}
	if set.Err() != nil {
		t.Fatal(set.Err())
	}
	return list
}
