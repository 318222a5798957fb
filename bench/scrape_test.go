package bench

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	dto "github.com/prometheus/client_model/go"
)

// families is what a /metrics page says.
type families map[string]*dto.MetricFamily

// asking is the client of all questions that are not measured.
var asking = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}

func scrape(tb testing.TB, url string) families {
	tb.Helper()
	found, err := tryScrape(url)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func tryScrape(url string) (families, error) {
	answer, err := asking.Get(url + "/metrics")
	if err != nil {
		return nil, fmt.Errorf("scrape: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		_, _ = io.Copy(io.Discard, answer.Body)
		return nil, fmt.Errorf("scrape %s: %s", url, answer.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	found, err := parser.TextToMetricFamilies(answer.Body)
	return found, err
}

// sum adds the values of all series of a metric that have the labels, given as
// name, value and so on.
func (f families) sum(name string, labels ...string) (total float64) {
	for _, m := range f[name].GetMetric() {
		if has(m, labels) {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
	}
	return total
}

func has(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

// quantileSince is the upper bound of the histogram's bucket that holds the
// quantile of what was observed since another page was taken: the true one is
// not more. Infinity when the last bucket holds it, NaN without observations.
func (f families) quantileSince(before families, name string, q float64) float64 {
	old := map[float64]uint64{}
	for _, m := range before[name].GetMetric() {
		for _, b := range m.GetHistogram().GetBucket() {
			old[b.GetUpperBound()] += b.GetCumulativeCount()
		}
	}
	seen := f.countSince(before, name)
	if seen == 0 {
		return math.NaN()
	}
	for _, m := range f[name].GetMetric() {
		for _, b := range m.GetHistogram().GetBucket() {
			if float64(b.GetCumulativeCount()-old[b.GetUpperBound()]) >= q*seen {
				return b.GetUpperBound()
			}
		}
	}
	return math.Inf(1)
}

// countSince is how many observations a histogram has taken since.
func (f families) countSince(before families, name string) float64 {
	return f.observations(name) - before.observations(name)
}

func (f families) observations(name string) (n float64) {
	for _, m := range f[name].GetMetric() {
		n += float64(m.GetHistogram().GetSampleCount())
	}
	return n
}
