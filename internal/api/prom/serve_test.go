package prom

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/slo-engine/slo-engine/internal/store/history"
)

func errorf(format string, values ...any) error { return fmt.Errorf(format, values...) }

// now says what the fixture's page says for a minute beyond the history.
func now(t testing.TB, s *history.Store) *history.Live {
	return history.NewLive(s, func() history.View { return said(t, time.Now(), page(minutes+7)) })
}

// single is the one value of a vector.
func single(a answer) string {
	data, _ := a.body["data"].(map[string]any)
	result, _ := data["result"].([]any)
	if len(result) != 1 {
		return fmt.Sprintf("%d values", len(result))
	}
	return result[0].(map[string]any)["value"].([]any)[1].(string)
}

func TestAQueryForNowSeesTheFiguresOfNow(t *testing.T) {
	store := filled(t)
	query := url.Values{"query": {`slo_events_total{slo="availability",result="good"}`}}
	if got := single(asked(t, "GET", serving(t, Options{Storage: store}), "/api/v1/query", query)); got != "79000" {
		t.Errorf("the store says %s, want 79000: %d thousands since minute 100", got, minutes-1-100)
	}
	base := serving(t, Options{Storage: now(t, store)})
	if got := single(asked(t, "GET", base, "/api/v1/query", query)); got != "87000" {
		t.Errorf("now is %s, want 87000", got)
	}
	query.Set("time", unix(minutes-2))
	if got := single(asked(t, "GET", base, "/api/v1/query", query)); got != "78000" {
		t.Errorf("two minutes before the end it was %s, want 78000", got)
	}
}

// The calls that Grafana makes when a data source is saved and tested, when a
// query is written, and when a panel is drawn.
func TestGrafanaFindsADataSource(t *testing.T) {
	live := now(t, filled(t))
	base := serving(t, Options{Storage: live, Metadata: live.Metadata, Rules: world(t), Version: "1.2.3"})
	end := strconv.FormatInt(time.Now().Unix(), 10)
	begin := unix(0)
	for _, c := range []struct{ method, path, values, want string }{
		{"GET", "/api/v1/status/buildinfo", "", `"version":"3.4.2"`},
		{"GET", "/api/v1/targets", "", `"activeTargets":[]`},
		{"POST", "/api/v1/query", "query=1%2B1&time=" + end, `{"status":"success","data":{"resultType":"scalar","result":[` + end + `,"2"]}}`},
		{"GET", "/api/v1/query", "query=1%2B1&time=" + end, `"2"`},
		{"POST", "/api/v1/labels", "start=" + begin + "&end=" + end, `"slo_id"`},
		{"GET", "/api/v1/label/__name__/values", "start=" + begin + "&end=" + end, `["slo_burn_rate","slo_error_budget_remaining_ratio","slo_events_total"]`},
		{"GET", "/api/v1/metadata", "", `"slo_events_total":[{"type":"counter","unit":"","help":"Events counted since the engine began to count, by result."}]`},
		{"GET", "/api/v1/metadata", "metric=slo_burn_rate", `{"status":"success","data":{"slo_burn_rate":[{"type":"gauge","unit":"","help":"Burn."}]}}`},
		{"GET", "/api/v1/rules", "", `"groups":[{"name":"shop:checkout"`},
		{"GET", "/api/v1/alerts", "", `"activeAt":"2026-03-01T11:59:00Z"`},
		{"POST", "/api/v1/query_range", "query=slo_burn_rate&step=60&start=" + begin + "&end=" + end, `"resultType":"matrix"`},
		{"POST", "/api/v1/series", "match[]=slo_burn_rate&start=" + begin + "&end=" + end, `"window":"5m"`},
		{"POST", "/api/v1/query_exemplars", "query=slo_burn_rate&start=" + begin + "&end=" + end, `{"status":"success","data":[]}`},
	} {
		values, err := url.ParseQuery(c.values)
		if err != nil {
			t.Fatal(err)
		}
		a := asked(t, c.method, base, c.path, values)
		if a.code != 200 || !strings.Contains(a.text, c.want) {
			t.Errorf("%s %s %s: %d, want %s in\n%s", c.method, c.path, c.values, a.code, c.want, a.text)
		}
	}
}

func TestWhatIsNotThereIsNotThere(t *testing.T) {
	base := serving(t, Options{Storage: filled(t)})
	for _, c := range []struct{ method, path string }{
		{"POST", "/api/v1/write"}, {"POST", "/api/v1/otlp/v1/metrics"}, {"POST", "/api/v1/admin/tsdb/delete_series"},
		{"DELETE", "/api/v1/series"}, {"GET", "/api/v1/status/config"}, {"GET", "/api/v1/status/flags"},
		{"GET", "/api/v1/status/tsdb"}, {"GET", "/api/v1/notifications/live"}, {"OPTIONS", "/api/v1/query"}, {"GET", "/api/v1/format_query"}, {"GET", "/api/v1/parse_query"}, {"GET", "/"}, {"GET", "/api/v1/"},
	} {
		if a := asked(t, c.method, base, c.path, nil); a.code != 404 && a.code != 405 {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.code, a.text)
		}
	}
}

func TestNothingIsSharedBetweenOrigins(t *testing.T) {
	base := serving(t, Options{Storage: filled(t)})
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1/query?query=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "http://elsewhere.example")
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for name := range res.Header {
		if strings.HasPrefix(name, "Access-Control") {
			t.Errorf("the answer has %s", name)
		}
	}
}

func TestAQueryHasLimits(t *testing.T) {
	store := filled(t)
	for _, c := range []struct {
		options Options
		path    string
		values  url.Values
		code    int
		want    string
	}{
		{Options{MaxSamples: 10}, "/api/v1/query", url.Values{"query": {"slo_events_total[1h]"}, "time": {unix(60)}}, 422, "too many samples"},
		{Options{Timeout: time.Nanosecond}, "/api/v1/query", url.Values{"query": {"slo_burn_rate"}}, 503, `"errorType":"timeout"`},
		{Options{Timeout: time.Nanosecond}, "/api/v1/labels", url.Values{}, 503, `"errorType":"timeout"`},
		{Options{}, "/api/v1/query", url.Values{"query": {"slo_burn_rate"}, "timeout": {"0"}}, 503, `"errorType":"timeout"`},
		{Options{}, "/api/v1/query", url.Values{"query": {strings.Repeat(" ", maxRequest) + "1"}}, 400, `"errorType":"bad_data"`},
	} {
		c.options.Storage = store
		a := asked(t, "POST", serving(t, c.options), c.path, c.values)
		if a.code != c.code || !strings.Contains(a.text, c.want) {
			t.Errorf("%s with %+v: %d %.300s, want %d with %q", c.path, c.options, a.code, a.text, c.code, c.want)
		}
	}
}

// A query as deep as a request may be does not overflow the stack.
func TestADeepQueryEndsNothing(t *testing.T) {
	base := serving(t, Options{Storage: filled(t)})
	const room = maxRequest - 100
	for _, query := range []string{
		strings.Repeat("(", room/2) + "1" + strings.Repeat(")", room/2),
		"1" + strings.Repeat("+1", room/2), strings.Repeat("-", room) + "1", strings.Repeat("(", room),
		strings.Repeat("abs(", room/5) + "slo_burn_rate" + strings.Repeat(")", room/5),
		"slo_burn_rate" + strings.Repeat("[1m:1m]", room/7),
		strings.Repeat("{", room), "slo_burn_rate{a=~\"" + strings.Repeat("(", room/2) + strings.Repeat(")", room/2) + "\"}",
	} {
		if strings.Contains(query, "+") { // escaped it is longer than a request may be
			query = "1" + strings.Repeat("+1", room/4)
		}
		for _, path := range []string{"/api/v1/query", "/api/v1/series"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.URL.RawQuery = "query=" + strings.ReplaceAll(query, "+", "%2B")
			if path == "/api/v1/series" {
				req.URL.RawQuery = strings.Replace(req.URL.RawQuery, "query", "match[]", 1)
			}
			begin := time.Now()
			res, err := client.Do(req)
			if err != nil {
				t.Fatalf("%s %.20s: %v", path, query, err)
			}
			res.Body.Close()
			t.Logf("%s %.20s: %s after %s", path, query, res.Status, time.Since(begin))
			if wanted := http.StatusBadRequest; res.StatusCode != wanted && !strings.HasPrefix(query, "-") { // minus signs nest nothing
				t.Errorf("%s %.20s: %s, want %d", path, query, res.Status, wanted)
			}
		}
	}
}

// slow is a storage whose readers wait until they may go on.
type slow struct {
	*history.Store
	entered chan struct{}
	release chan struct{}
}

func (s slow) Querier(mint, maxt int64) (storage.Querier, error) {
	q, err := s.Store.Querier(mint, maxt)
	return slowQuerier{q, s}, err
}

type slowQuerier struct {
	storage.Querier
	slow
}

func (q slowQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, m ...*labels.Matcher) storage.SeriesSet {
	q.entered <- struct{}{}
	<-q.release
	return q.Querier.Select(ctx, sorted, hints, m...)
}

func (q slowQuerier) Close() error { return q.Querier.Close() }

func TestOnlySoManyQueriesRunAtOnce(t *testing.T) {
	s := slow{filled(t), make(chan struct{}, 10), make(chan struct{})}
	base := serving(t, Options{Storage: s, MaxConcurrent: 2})
	var group sync.WaitGroup
	for i := range 6 {
		path, values := "/api/v1/query", url.Values{"query": {"slo_burn_rate"}}
		if i%2 == 1 {
			path, values = "/federate", url.Values{"match[]": {"slo_burn_rate"}}
		}
		group.Go(func() {
			if a := asked(t, "GET", base, path, values); a.code != 200 {
				t.Errorf("%s: %d %s", path, a.code, a.text)
			}
		})
	}
	<-s.entered
	<-s.entered
	select {
	case <-s.entered:
		t.Error("a third query runs beside two")
	case <-time.After(200 * time.Millisecond):
	}
	close(s.release)
	group.Wait()
	if len(s.entered) != 4 {
		t.Errorf("%d queries ran afterwards, want 4", len(s.entered))
	}
}

func TestManyAskWhileHistoryIsWritten(t *testing.T) {
	store := filled(t)
	base := serving(t, Options{Storage: now(t, store)})
	var group sync.WaitGroup
	for m := range 8 {
		group.Go(func() {
			for _, q := range []string{"slo_burn_rate", "sum(rate(slo_events_total[5m]))", "count({__name__=~'slo_.+'})"} {
				a := asked(t, "POST", base, "/api/v1/query_range", url.Values{"query": {q}, "start": {unix(0)}, "end": {unix(minutes + m)}, "step": {"60"}})
				if a.code != 200 {
					t.Errorf("%s: %d %s", q, a.code, a.text)
				}
			}
		})
	}
	for m := minutes; m < minutes+50; m++ {
		if err := store.Append(said(t, start.Add(time.Duration(m)*time.Minute), page(m))); err != nil {
			t.Error(err)
		}
	}
	group.Wait()
}

func TestMetricsOfQueriesAreExported(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	store := filled(t)
	base := serving(t, Options{Storage: store, Registerer: registry})
	asked(t, "GET", base, "/api/v1/query", url.Values{"query": {"1"}})
	found, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range found {
		names = append(names, f.GetName())
	}
	if diff := cmp.Diff("prometheus_engine_queries", names[0]); diff != "" {
		t.Errorf("metrics are %v", names)
	}
	if _, err := New(Options{Storage: store, Registerer: registry}); err == nil {
		t.Error("a second handler under the same names was taken")
	}
}
