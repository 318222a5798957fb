package scrape

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

func TestRelabelling(t *testing.T) {
	p := show(t, "keep_total{job=\"mine\"} 1 1700000000000\ndrop_total 2\nold_total 3\n")
	r := run(t, job("shop", p, `  relabel_configs:
  - {source_labels: [__address__], regex: '(.*):(.*)', target_label: port, replacement: 'p${2}'}
  metric_relabel_configs:
  - {source_labels: [__name__], regex: drop_.*, action: drop}
  - {source_labels: [__name__], regex: old_(.*), target_label: __name__, replacement: new_$1}
`)+job("honest", p, "  honor_labels: true\n  honor_timestamps: false\n"))
	_, port, _ := strings.Cut(p.addr(), ":")
	renamed := fmt.Sprintf(`{__name__="new_total", instance=%q, job="shop", port="p%s"}`, p.addr(), port)
	exported := fmt.Sprintf(`{__name__="keep_total", exported_job="mine", instance=%q, job="shop", port="p%s"}`, p.addr(), port)
	got := r.await(t, 0, renamed, exported)
	for name := range got {
		if strings.Contains(name, "drop_total") || strings.Contains(name, "old_total") {
			t.Errorf("%s is there", name)
		}
	}
	if at := got[exported][0].Time; at != 1700000000*int64(time.Second) {
		t.Errorf("the sample's own time is %d", at)
	}
	honest := fmt.Sprintf(`{__name__="keep_total", instance=%q, job="mine"}`, p.addr())
	if at := r.await(t, 0, honest)[honest][0].Time; time.Since(time.Unix(0, at)) > lastly {
		t.Errorf("the sample's own time %d is believed", at)
	}
}

// A target that fails is down at once: its series end, and only its own.
func TestFailingTargets(t *testing.T) {
	long := "a_total{l=\"" + strings.Repeat("x", 5000) + "\"} 1\n"
	tests := map[string]struct {
		status int
		text   string
		job    string
		metric string // of the library's that counts it
	}{
		"error":      {http.StatusInternalServerError, "out of order", "", ""},
		"garbage":    {http.StatusOK, "}{ what\n", "", ""},
		"broken off": {http.StatusOK, "b_total", "", ""},
		"too large":  {http.StatusOK, long, "  body_size_limit: 1KB\n", "prometheus_target_scrapes_exceeded_body_size_limit_total"},
		"samples":    {http.StatusOK, "b_total 1\nc_total 1\nd_total 1\n", "  sample_limit: 2\n", "prometheus_target_scrapes_exceeded_sample_limit_total"},
		"labels":     {http.StatusOK, long, "  label_value_length_limit: 100\n", "prometheus_target_scrape_pool_exceeded_label_limits_total"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			bad, sound := show(t, "a_total 1\n"), show(t, "a_total 1\n")
			r := run(t, job("bad", bad, test.job)+job("sound", sound, ""))
			r.await(t, 0, at("a_total", "bad", bad))
			r.await(t, 0, at("a_total", "sound", sound))
			bad.set(test.status, test.text)
			got := r.since(0)
			r.awaitPoint(t, len(got), at("up", "bad", bad), valued(0))
			r.awaitPoint(t, 0, at("a_total", "bad", bad), stale)
			after := len(r.since(0))
			r.await(t, after, at("a_total", "sound", sound))
			for _, s := range r.since(0) {
				for _, p := range s[at("a_total", "bad", bad)] {
					if !p.Stale && p.Value != 1 {
						t.Errorf("a failed scrape was taken: %+v", p)
					}
				}
			}
			if test.metric != "" && r.metric(t, test.metric) == 0 {
				t.Errorf("%s counts nothing", test.metric)
			}
			until(t, func() error {
				if up, down := r.metric(t, "slo_engine_scrape_targets", `health="up"`), r.metric(t, "slo_engine_scrape_targets", `health="down"`); up != 1 || down != 1 {
					return fmt.Errorf("%v targets are up, %v down, want 1 and 1", up, down)
				}
				return nil
			})
			bad.set(http.StatusOK, "a_total 3\n")
			r.awaitPoint(t, after, at("a_total", "bad", bad), valued(3))
		})
	}
}

// Odd samples are handed on, or refused by themselves: the scrape goes on.
func TestOddSamples(t *testing.T) {
	p := show(t, "twice_total 1\ntwice_total 2\nnan_total NaN\nlate_total 1 1000\nlate_total 2 500\nfar_total 1 9223372036854775807\n"+
		"wide_total{l=\""+strings.Repeat("x", 5000)+"\"} 1\nlast_total 5\n")
	r := run(t, job("shop", p, ""))
	got := r.await(t, 0, at("last_total", "shop", p))
	if points := got[at("twice_total", "shop", p)]; len(points) != 1 || points[0].Value != 1 {
		t.Errorf("a series that is there twice: %v", points)
	}
	if points := got[at("nan_total", "shop", p)]; len(points) != 1 || !math.IsNaN(points[0].Value) || points[0].Stale {
		t.Errorf("not a number: %v", points)
	}
	if points := got[at("late_total", "shop", p)]; len(points) != 2 || points[1].Time != int64(500*time.Millisecond) {
		t.Errorf("times of its own: %v", points)
	}
	if points := got[at("far_total", "shop", p)]; len(points) != 0 {
		t.Errorf("a time that cannot be: %v", points)
	}
	for metric, label := range map[string]string{
		"prometheus_target_scrapes_sample_duplicate_timestamp_total": "",
		"prometheus_target_scrapes_sample_out_of_bounds_total":       "",
		"slo_engine_scrape_refused_points_total":                     `reason="label_limit"`,
	} {
		if r.metric(t, metric, label) == 0 {
			t.Errorf("%s counts nothing", metric)
		}
	}
}

// A target that nobody finds any more ends: stale markers come, up among them.
func TestTargetsThatVanish(t *testing.T) {
	p := show(t, "a_total 1\n")
	list := newTargetList(t, p.addr())
	series := func(name string) string {
		return fmt.Sprintf(`{__name__=%q, from="http", instance=%q, job="shop"}`, name, p.addr())
	}
	r := run(t, fmt.Sprintf("- {job_name: shop, http_sd_configs: [{url: %q, refresh_interval: 50ms}]}\n", list.URL))
	r.await(t, 0, series("a_total"))
	list.set()
	r.awaitPoint(t, 0, series("a_total"), stale)
	r.awaitPoint(t, 0, series("up"), stale)
	after := len(r.since(0))
	list.set(p.addr())
	r.awaitPoint(t, after, series("a_total"), valued(1))
}

// A sink that is busy costs a scrape, not the target.
func TestBusySink(t *testing.T) {
	p := show(t, "a_total 1\n")
	r := run(t, job("shop", p, ""))
	r.await(t, 0, at("a_total", "shop", p))
	r.answer(fmt.Errorf("no room: %w", ingest.ErrBusy))
	until(t, func() error {
		if n := r.metric(t, "slo_engine_scrapes_total", `result="dropped"`); n < 2 {
			return fmt.Errorf("%v scrapes are dropped", n)
		}
		return nil
	})
	after := len(r.since(0))
	p.set(http.StatusOK, "a_total 9\n")
	r.answer(nil)
	r.awaitPoint(t, after, at("a_total", "shop", p), valued(9))
}

// Applying what holds already changes nothing; what is left out ends, what is
// new begins.
func TestApply(t *testing.T) {
	a, b := show(t, "a_total 1\n"), show(t, "b_total 1\n")
	r := run(t, "")
	if err := r.Apply(parsed(t, job("a", a, ""))); err != nil {
		t.Fatal(err)
	}
	r.await(t, 0, at("a_total", "a", a))
	if err := r.Apply(parsed(t, job("a", a, "")+job("b", b, ""))); err != nil {
		t.Fatal(err)
	}
	r.await(t, 0, at("b_total", "b", b))
	if err := r.Apply(parsed(t, job("b", b, "  honor_labels: true\n"))); err != nil {
		t.Fatal(err)
	}
	after := len(r.since(0))
	r.await(t, after+3, at("b_total", "b", b))
	for _, s := range r.since(after + 1) {
		if len(s[at("a_total", "a", a)]) > 0 {
			t.Error("a job that was left out is scraped")
		}
	}
	if err := r.Apply(nil); err != nil {
		t.Fatal(err)
	}
	until(t, func() error {
		if n := r.metric(t, "slo_engine_scrape_targets"); n != 0 {
			return fmt.Errorf("%v targets are left", n)
		}
		return nil
	})
}

// What a stop cuts short looks like a target that went down: nobody hears it.
func TestStopWhileItScrapes(t *testing.T) {
	begun, end := make(chan struct{}, 100), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		select {
		case <-end:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(end)
	p := &page{Server: server}
	r := run(t, fmt.Sprintf("- {job_name: slow, scrape_interval: 10s, scrape_timeout: 10s, static_configs: [{targets: [%q]}]}\n", p.addr()))
	select {
	case <-begun:
	case <-time.After(lastly):
		t.Fatal("it is not scraped")
	}
	r.stop()
	if got := r.since(0); len(got) > 0 {
		t.Errorf("a scrape was handed on: %v", got)
	}
}

// A Scraper that never runs holds nothing.
func TestNeverRun(t *testing.T) {
	if _, err := New(Options{Sink: &recorder{}}); err != nil {
		t.Fatal(err)
	}
	r := &running{recorder: &recorder{err: errors.New("nobody calls")}}
	if _, err := New(Options{Sink: r.recorder}); err != nil { // two in one process
		t.Fatal(err)
	}
}
