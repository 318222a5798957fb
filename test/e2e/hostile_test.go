package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// hostileSLOs select the well-behaved shop and, without being asked, what is
// sent under the same names.
const hostileSLOs = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  objective: 99.9%
  window: 1d
  sli:
    ratio:
      total: http_requests_total
      bad: http_requests_total{code=~"5.."}
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: too-good}
spec:
  service: elsewhere
  objective: 99.9%
  window: 1d
  sli:
    ratio:
      total: offers_total
      good: offers_accepted_total
---
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: by-user}
spec:
  service: elsewhere
  objective: 99.9%
  window: 1d
  sli:
    ratio:
      total: logins_total
      bad: logins_total{code=~"5.."}
  groupBy: [user]
  maxGroups: 20
`

// attack is one hostile request and what must become of it.
type attack struct {
	name string
	send func(t *testing.T, r *running) (code int, answer string)
	// code is the answer's status; says is part of its text.
	code int
	says string
	// reason is that of the rejected points on /metrics; empty: the request
	// does not get as far as points.
	reason string
}

// Whatever comes in hurts only itself: it is refused for a reason that can be
// read, and a well-behaved shop goes on being counted exactly.
func TestHostileInput(t *testing.T) {
	t.Parallel()
	r := start(t, settings{SLOs: hostileSLOs})
	shop := newSender(t, r)
	attacks := append(remoteWriteAttacks(), otlpAttacks()...)
	for i, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			before := rejected(t, r, a.reason)
			code, answer := a.send(t, r)
			if code != a.code || !strings.Contains(answer, a.says) {
				t.Errorf("answered %d %.500q, want %d with %q", code, answer, a.code, a.says)
			}
			if a.reason != "" && rejected(t, r, a.reason) <= before {
				t.Errorf("/metrics counts no point rejected as %s", a.reason)
			}
			shop.serve(t, float64(10+i), 1)
		})
	}
	t.Run("more good events than events", func(t *testing.T) { checkTooGood(t, r) })
	t.Run("thousands of groups", func(t *testing.T) { checkGroupFlood(t, r) })
	shop.serve(t, 7, 7)
	lab.Eventually(t, patience, func() error {
		got, err := counts(t.Context(), r.Client)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(shop.count, got["availability"]); diff != "" {
			return fmt.Errorf("counts of the well-behaved shop (-served +counted):\n%s", diff)
		}
		return nil
	})
}

var reasonLine = regexp.MustCompile(`(?m)^slo_engine_[a-z_]+\{(?:[^}]*,)?reason="([a-z_]+)"[^}]*\} ([0-9.e+]+)$`)

// rejected is how many points /metrics counts for a reason, in all places.
func rejected(t *testing.T, r *running, reason string) (n float64) {
	t.Helper()
	for _, m := range reasonLine.FindAllStringSubmatch(look(t, r.URL+"/metrics"), -1) {
		if v, err := strconv.ParseFloat(m[2], 64); err == nil && m[1] == reason {
			n += v
		}
	}
	return n
}

func remoteWriteAttacks() []attack {
	raw := func(body []byte, headers map[string]string) func(*testing.T, *running) (int, string) {
		return func(t *testing.T, r *running) (int, string) {
			t.Helper()
			return mustPost(t, r.URL+"/api/v1/write", body, headers)
		}
	}
	series := func(at time.Duration, value float64, labels ...string) func(*testing.T, *running) (int, string) {
		return func(t *testing.T, r *running) (int, string) {
			t.Helper()
			w := &writer{url: r.URL, shift: at}
			labels := append([]string{"__name__", "http_requests_total"}, labels...)
			return w.write(t, counterSample{labels, value})
		}
	}
	message, err := (&prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "http_requests_total"}},
		Samples: []prompb.Sample{{Value: 1, Timestamp: time.Now().UnixMilli()}},
	}}}).Marshal()
	if err != nil {
		panic(err) // a literal
	}
	sound := snappy.Encode(nil, message)
	forged := append(binary.AppendUvarint(nil, 1<<30), sound...)
	lying := append(binary.AppendUvarint(nil, 60<<20), sound...)
	// An answer that comes while the body is still sent may get lost: this
	// sender asks first.
	asking := map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy", "Expect": "100-continue"}
	plain := map[string]string{"Content-Type": "text/plain", "Content-Encoding": "snappy"}
	unpacked := map[string]string{"Content-Type": "application/x-protobuf"}
	bomb := snappy.Encode(nil, make([]byte, 65<<20))
	crumbs := snappy.Encode(nil, bytes.Repeat([]byte{0x0a, 0x00}, 16<<20)) // millions of empty series
	return []attack{
		{"malformed protobuf", raw(snappy.Encode(nil, []byte("\x0a\xff\xff\xff\xff\x0fnonsense")), remoteWriteHeaders), 400, "not a remote write 1.0 message", ""},
		{"wrong content type", raw(sound, plain), 415, "application/x-protobuf", ""},
		{"no compression", raw(message, unpacked), 415, "snappy", ""},
		{"truncated snappy", raw(sound[:len(sound)/2], remoteWriteHeaders), 400, "not a snappy block", ""},
		{"forged length", raw(forged, remoteWriteHeaders), 413, "max_decoded_bytes", ""},
		{"forged length within the limit", raw(lying, remoteWriteHeaders), 400, "cannot hold", ""},
		{"bomb", raw(bomb, remoteWriteHeaders), 413, "max_decoded_bytes", ""},
		{"body too large", raw(make([]byte, 17<<20), asking), 413, "max_body_bytes", ""},
		{"not a number", series(0, math.NaN(), "code", "200", "instance", "h1"), 400, "not_a_number", "not_a_number"},
		{"infinite", series(0, math.Inf(1), "code", "200", "instance", "h1"), 400, "not_a_number", "not_a_number"},
		{"negative counter", series(0, -5, "code", "200", "instance", "h2"), 400, "negative", "negative"},
		{"from the future", series(time.Hour, 5, "code", "200", "instance", "h3"), 400, "in_future", "in_future"},
		{"from long ago", series(-50*time.Hour, 5, "code", "200", "instance", "h4"), 400, "too_old", "too_old"},
		{"a megabyte in a label", series(0, 5, "code", "200", "instance", strings.Repeat("x", 1<<20)), 400, "label_limit", "label_limit"},
		{"a label that is not UTF-8", series(0, 5, "code", "200", "instance", "\xff\xfe"), 400, "bad_labels", "bad_labels"},
		{"a label twice", series(0, 5, "code", "200", "code", "500"), 400, "bad_labels", "bad_labels"},
		{"millions of empty series", raw(crumbs, remoteWriteHeaders), 204, "", ""},
	}
}

func otlpAttacks() []attack {
	raw := func(body []byte, headers ...string) func(*testing.T, *running) (int, string) {
		return func(t *testing.T, r *running) (int, string) {
			t.Helper()
			h := map[string]string{"Content-Type": "application/x-protobuf"}
			for i := 0; i < len(headers); i += 2 {
				h[headers[i]] = headers[i+1]
			}
			return mustPost(t, "http://"+r.App.OTLPHTTP()+"/v1/metrics", body, h)
		}
	}
	point := func(change func(pmetric.NumberDataPoint)) func(*testing.T, *running) (int, string) {
		return func(t *testing.T, r *running) (int, string) {
			t.Helper()
			return raw(otlpRequest(t, change))(t, r)
		}
	}
	attribute := func(value string) func(*testing.T, *running) (int, string) {
		return point(func(p pmetric.NumberDataPoint) { p.Attributes().PutStr("code", value) })
	}
	at := func(d time.Duration) func(*testing.T, *running) (int, string) {
		return point(func(p pmetric.NumberDataPoint) { p.SetTimestamp(pcommon.NewTimestampFromTime(time.Now().Add(d))) })
	}
	value := func(v float64) func(*testing.T, *running) (int, string) {
		return point(func(p pmetric.NumberDataPoint) { p.SetDoubleValue(v) })
	}
	gzipped := func(plain []byte) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(plain)
		_ = w.Close()
		return b.Bytes()
	}
	bomb, half := gzipped(make([]byte, 80<<20)), gzipped([]byte(strings.Repeat("half", 99)))
	return []attack{
		{"OTLP: malformed protobuf", raw([]byte("\x0a\xff\xff\xff\xff\x0fnonsense")), 400, "", ""},
		{"OTLP: malformed JSON", raw([]byte(`{"resourceMetrics": [`), "Content-Type", "application/json"), 400, "", ""},
		{"OTLP: wrong content type", raw([]byte("x"), "Content-Type", "text/plain"), 415, "", ""},
		{"OTLP: truncated gzip", raw(half[:len(half)/2], "Content-Encoding", "gzip"), 400, "", ""},
		{"OTLP: bomb", raw(bomb, "Content-Encoding", "gzip"), 413, "max_decoded_bytes", ""},
		{"OTLP: body too large", raw(make([]byte, 17<<20), "Expect", "100-continue"), 413, "max_body_bytes", ""},
		{"OTLP: not a number", value(math.NaN()), 400, "not_a_number", "not_a_number"},
		{"OTLP: negative counter", value(-1), 400, "negative", "negative"},
		{"OTLP: from the future", at(time.Hour), 400, "in_future", "in_future"},
		{"OTLP: from long ago", at(-50 * time.Hour), 400, "too_old", "too_old"},
		{"OTLP: a megabyte in an attribute", attribute(strings.Repeat("x", 1<<20)), 400, "label_limit", "label_limit"},
		{"OTLP: an attribute that is not UTF-8", attribute("\xff\xfe"), 400, "bad_labels", "bad_labels"},
	}
}

// otlpRequest is one point of the counter http_requests_total, spoiled.
func otlpRequest(t *testing.T, spoil func(pmetric.NumberDataPoint)) []byte {
	t.Helper()
	metrics := pmetric.NewMetrics()
	resource := metrics.ResourceMetrics().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "hostile")
	metric := resource.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	metric.SetName("http.requests")
	sum := metric.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	point := sum.DataPoints().AppendEmpty()
	point.SetTimestamp(pcommon.NewTimestampFromTime(time.Now()))
	point.SetDoubleValue(5)
	point.Attributes().PutStr("code", "200")
	spoil(point)
	body, err := pmetricotlp.NewExportRequestFromMetrics(metrics).MarshalProto()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func mustPost(t *testing.T, url string, body []byte, headers map[string]string) (int, string) {
	t.Helper()
	code, answer, err := post(t.Context(), url, body, headers)
	if err != nil {
		t.Fatal(err)
	}
	return code, answer
}

// checkTooGood sends more good events than there were events: the SLI stays a
// ratio.
func checkTooGood(t *testing.T, r *running) {
	w := &writer{url: r.URL}
	for _, n := range []float64{0, 100} {
		code, answer := w.write(t, counterSample{[]string{"__name__", "offers_accepted_total"}, 3 * n}, counterSample{[]string{"__name__", "offers_total"}, n})
		if code != http.StatusNoContent {
			t.Fatalf("answered %d %s", code, answer)
		}
	}
	lab.Eventually(t, patience, func() error {
		detail, err := r.SLO(t.Context(), "elsewhere:too-good")
		if err != nil {
			return err
		}
		if detail.SLI == nil || *detail.TotalEvents != 100 {
			return fmt.Errorf("not counted yet: %+v", detail.SinceStart)
		}
		if *detail.SLI != 1 {
			t.Errorf("its SLI is %v, want 1", *detail.SLI)
		}
		if diff := cmp.Diff(new(1.0), detail.ErrorBudgetRemaining); diff != "" {
			t.Errorf("budget left (-want +got):\n%s", diff)
		}
		return nil
	})
	look(t, r.URL+"/metrics/slo")
}

// checkGroupFlood sends thousands of values of a groupBy label: as many as
// were allowed get a budget, the rest share one, and no event is lost.
func checkGroupFlood(t *testing.T, r *running) {
	const users, allowed = 5000, 20
	w := &writer{url: r.URL}
	for _, n := range []float64{0, 2} {
		flood := make([]counterSample, 0, users)
		for user := range users {
			flood = append(flood, counterSample{[]string{"__name__", "logins_total", "code", "200", "user", strconv.Itoa(user)}, n})
		}
		if code, answer := w.write(t, flood...); code != http.StatusNoContent {
			t.Fatalf("answered %d %s", code, answer)
		}
	}
	lab.Eventually(t, patience, func() error {
		slos, err := r.SLOs(t.Context(), client.Filter{SLO: "by-user"})
		if err != nil {
			return err
		}
		if len(slos) != allowed+1 {
			return fmt.Errorf("%d instances, want %d and the overflow", len(slos), allowed)
		}
		var total float64
		for _, s := range slos {
			detail, err := r.SLO(t.Context(), s.ID)
			if err != nil {
				return err
			}
			if detail.SinceStart != nil {
				total += *detail.SinceStart.TotalEvents
			}
			if s.Group["user"] == "__overflow__" && !strings.Contains(strings.Join(detail.Notices, " "), "group_limit") {
				t.Errorf("the overflow does not say group_limit: %v", detail.Notices)
			}
		}
		if total != 2*users {
			return fmt.Errorf("%v events counted, want %d", total, 2*users)
		}
		return nil
	})
}
