package scrape

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// instrumented is a target of client_golang with a metric of each kind.
func instrumented(t *testing.T) *page {
	registry := prometheus.NewRegistry()
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "requests_total"}, []string{"code"})
	seconds := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "seconds", Buckets: []float64{0.5}, NativeHistogramBucketFactor: 1.1})
	queue := prometheus.NewGauge(prometheus.GaugeOpts{Name: "queue"})
	wait := prometheus.NewSummary(prometheus.SummaryOpts{Name: "wait", Objectives: map[float64]float64{0.5: 0.1}})
	registry.MustRegister(requests, seconds, queue, wait)
	requests.WithLabelValues("200").(prometheus.ExemplarAdder).AddWithExemplar(7, prometheus.Labels{"trace_id": "abc"})
	for _, s := range []float64{0.1, 0.2, 2} {
		seconds.(prometheus.ExemplarObserver).ObserveWithExemplar(s, prometheus.Labels{"trace_id": "def"})
		wait.Observe(s)
	}
	queue.Set(4)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true, EnableOpenMetricsTextCreatedSamples: true}))
	t.Cleanup(server.Close)
	return &page{Server: server}
}

// shape is what a test compares of a scrape: no times, but whether a start was
// told.
func shape(t *testing.T, got scraped, p *page) map[string]string {
	t.Helper()
	shapes := map[string]string{}
	for name, points := range got {
		if len(points) != 1 {
			t.Errorf("%s has %d points", name, len(points))
		}
		point := points[0]
		text := fmt.Sprint(point.Value)
		if h := point.Histogram; h != nil {
			text = fmt.Sprintf("histogram of %v", h.Count)
		}
		if point.Start != 0 {
			if since := time.Since(time.Unix(0, point.Start)); since < 0 || since > lastly {
				t.Errorf("%s began %s ago", name, since)
			}
			text += " since start"
		}
		name = strings.ReplaceAll(name, fmt.Sprintf(`instance=%q, job="shop"`, p.addr()), "")
		shapes[name] = text + " " + []string{"unknown", "counter", "gauge", "histogram"}[point.Type]
	}
	for name := range shapes {
		if strings.Contains(name, `"scrape_`) { // they differ from scrape to scrape
			delete(shapes, name)
		}
	}
	return shapes
}

// Whatever a target is asked for, the figures are the same; protobuf alone has
// the native histogram, and plain text no starts.
func TestFormatsSayTheSame(t *testing.T) {
	all := map[string]string{
		`{__name__="requests_total", code="200", }`: "7 since start counter",
		`{__name__="seconds_count", }`:              "3 since start counter",
		`{__name__="seconds_sum", }`:                "2.3 since start counter",
		`{__name__="seconds_bucket", , le="0.5"}`:   "2 since start counter",
		`{__name__="seconds_bucket", , le="+Inf"}`:  "3 since start counter",
		`{__name__="queue", }`:                      "4 gauge",
		`{__name__="wait", , quantile="0.5"}`:       "0.2 since start gauge",
		`{__name__="wait_count", }`:                 "3 since start counter",
		`{__name__="wait_sum", }`:                   "2.3 since start counter",
		`{__name__="up", }`:                         "1 gauge",
	}
	protobuf, text := map[string]string{`{__name__="seconds", }`: "histogram of 3 since start histogram"}, map[string]string{}
	for name, shape := range all {
		protobuf[name], text[name] = shape, strings.Replace(shape, " since start", "", 1)
	}
	tests := map[string]struct {
		job  string
		want map[string]string
	}{
		"default":     {"", protobuf},
		"protobuf":    {"  scrape_protocols: [PrometheusProto]\n", protobuf},
		"OpenMetrics": {"  scrape_protocols: [OpenMetricsText1.0.0]\n", all},
		"plain text":  {"  scrape_protocols: [PrometheusText0.0.4]\n", text},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := instrumented(t)
			r := run(t, job("shop", p, test.job))
			got := shape(t, r.await(t, 0, at("queue", "shop", p)), p)
			if name == "plain text" { // where starts are series like others
				for series := range got {
					if strings.Contains(series, "_created") {
						t.Errorf("%s in plain text", series)
					}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A job that says so gets a native histogram without its classic form.
func TestNativeHistogramAlone(t *testing.T) {
	p := instrumented(t)
	r := run(t, job("shop", p, "  always_scrape_classic_histograms: false\n"))
	got := r.await(t, 0, at("seconds", "shop", p))
	if h := got[at("seconds", "shop", p)][0]; h.Type != sli.TypeHistogram || h.Histogram.Count != 3 {
		t.Errorf("native histogram: %+v", h)
	}
	if n := len(got[at("seconds_count", "shop", p)]); n != 0 {
		t.Error("the classic form is there too")
	}
}

// What a target says of its types holds, also where it says little or changes
// its mind.
func TestTypes(t *testing.T) {
	p := show(t, "# TYPE a gauge\na 1\n# TYPE a_count counter\na_count 1\nb_total 1\n# TYPE c histogram\nc_count 1\nc_other 1\n")
	r := run(t, job("shop", p, ""))
	got := r.await(t, 0, at("a", "shop", p))
	for name, want := range map[string]sli.Type{
		"a": sli.TypeGauge, "a_count": sli.TypeCounter, "b_total": sli.TypeUnknown, "c_count": sli.TypeCounter, "c_other": sli.TypeUnknown,
	} {
		if kind := got[at(name, "shop", p)][0].Type; kind != want {
			t.Errorf("%s is of type %d, want %d", name, kind, want)
		}
	}
	p.set(200, "# TYPE a counter\na 1\n")
	r.awaitPoint(t, 0, at("a", "shop", p), func(s seen) bool { return s.Type == sli.TypeCounter })
}
