package prom

import (
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/test/lab"
)

func unix(minute int) string {
	return strconv.FormatInt(start.Add(time.Duration(minute)*time.Minute).Unix(), 10)
}

// instant and ranged are queries that both must answer alike.
var instant = []string{
	`1+1`, `"text"`, `time()`, `vector(1)`, `scalar(vector(3))`, `minute()`,
	`slo_burn_rate`, `slo_burn_rate{window="5m"}`, `slo_burn_rate{window=~"5.+",slo!="latency"}`, `{service="shop"}`,
	`slo_burn_rate offset 30m`, `slo_burn_rate @ end()`, `slo_burn_rate offset -5m`,
	`slo_events_total[10m]`, `slo_events_total[10m] offset 1h`,
	`rate(slo_events_total[5m])`, `irate(slo_events_total[5m])`, `increase(slo_events_total{result="bad"}[1h])`,
	`resets(slo_events_total[2h])`, `delta(slo_error_budget_remaining_ratio[30m])`, `deriv(slo_error_budget_remaining_ratio[30m])`,
	`predict_linear(slo_error_budget_remaining_ratio[1h], 3600)`,
	`sum by (slo) (slo_events_total)`, `sum without (result) (slo_events_total)`, `count({__name__=~"slo_.+"}) by (__name__)`,
	`topk(2, slo_burn_rate)`, `bottomk(1, slo_burn_rate)`, `quantile(0.5, slo_burn_rate)`, `stddev(slo_burn_rate)`,
	`sum(rate(slo_events_total{result="bad"}[30m])) by (slo) / sum(rate(slo_events_total[30m])) by (slo)`,
	`slo_burn_rate > 0.5`, `slo_burn_rate > bool 0.5`, `slo_burn_rate and on(slo) slo_error_budget_remaining_ratio`,
	`slo_burn_rate unless slo_burn_rate{window="5m"}`, `slo_burn_rate * on(slo) group_left slo_error_budget_remaining_ratio`,
	`absent(slo_nothing)`, `absent(slo_burn_rate)`, `absent_over_time(slo_nothing[5m])`, `present_over_time(slo_burn_rate[5m])`,
	`avg_over_time(slo_burn_rate[30m])`, `max_over_time(slo_burn_rate[30m])`, `count_over_time(slo_events_total[1h])`,
	`quantile_over_time(0.9, slo_burn_rate[1h])`, `last_over_time(slo_burn_rate[1h])`, `stddev_over_time(slo_burn_rate[1h])`,
	`max_over_time(rate(slo_events_total[5m])[30m:1m])`, `min_over_time(sum(slo_burn_rate)[1h:])`,
	`label_replace(slo_burn_rate, "w", "$1", "window", "(.*)m")`, `label_join(slo_burn_rate, "j", "-", "slo", "window")`,
	`clamp(slo_burn_rate, 0.2, 0.4)`, `round(slo_burn_rate, 0.1)`, `sort_desc(slo_burn_rate{window="1h"})`,
	`changes(slo_burn_rate[1h])`, `timestamp(slo_burn_rate)`, `-slo_error_budget_remaining_ratio ^ 2`, `1/0`, `0/0`,
	`slo_nothing`, `group(slo_burn_rate)`, `count_values("v", slo_error_budget_remaining_ratio)`,
}

var ranged = []string{
	`slo_burn_rate`, `slo_burn_rate{slo="availability"}`, `rate(slo_events_total[5m])`, `sum(increase(slo_events_total[1h])) by (result)`,
	`1`, `absent(slo_burn_rate{slo="availability"})`, `slo_burn_rate offset 20m`, `max_over_time(slo_burn_rate[10m:2m])`,
	`slo_error_budget_remaining_ratio @ start()`, `topk(1, slo_burn_rate)`,
}

var onlyGet = regexp.MustCompile(`/label/|/metadata$|/rules$|/alerts$`)

// same asks both servers and compares the answers.
func same(t *testing.T, ours, theirs, path string, values url.Values) {
	t.Helper()
	for _, method := range []string{"GET", "POST"} {
		if method == "POST" && onlyGet.MatchString(path) {
			continue
		}
		got, want := asked(t, method, ours, path, values), asked(t, method, theirs, path, values)
		if !strings.HasPrefix(values.Get("query"), "sort") {
			unordered(got.body)
			unordered(want.body)
		}
		if diff := cmp.Diff(want.body, got.body, nearly); diff != "" || got.code != want.code || want.body == nil {
			t.Errorf("%s %s %v: code %d, want %d; answers differ (-Prometheus +ours):\n%s", method, path, values, got.code, want.code, diff)
		}
	}
}

// nearly takes numbers for the same that differ in their last digits: the two
// servers are of different versions.
var nearly = cmp.Comparer(func(a, b string) bool {
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	return a == b || errX == nil && errY == nil && math.Abs(x-y) <= 1e-12*math.Abs(x)
})

// unordered sorts a result: a vector has the order in which its series were
// first written.
func unordered(body map[string]any) {
	data, _ := body["data"].(map[string]any)
	result, _ := data["result"].([]any)
	if data["resultType"] != "vector" {
		return
	}
	slices.SortFunc(result, func(a, b any) int {
		return strings.Compare(fmt.Sprint(a.(map[string]any)["metric"]), fmt.Sprint(b.(map[string]any)["metric"]))
	})
}

func TestAnswersAreThoseOfPrometheus(t *testing.T) {
	store := filled(t)
	theirs := lab.StartPrometheus(t, lab.PrometheusOptions{}).URL
	pushed(t, store, theirs)
	ours := serving(t, Options{Storage: store})
	for _, q := range instant {
		for _, minute := range []int{45, 102, 170} {
			same(t, ours, theirs, "/api/v1/query", url.Values{"query": {q}, "time": {unix(minute)}})
		}
	}
	for _, q := range ranged {
		for _, step := range []string{"15", "60", "5m"} {
			same(t, ours, theirs, "/api/v1/query_range", url.Values{"query": {q}, "start": {unix(20)}, "end": {unix(175)}, "step": {step}})
		}
	}
	span := url.Values{"start": {unix(0)}, "end": {unix(minutes)}}
	with := func(values ...string) url.Values {
		all := url.Values{}
		for k, v := range span {
			all[k] = v
		}
		for i := 0; i < len(values); i += 2 {
			all.Add(values[i], values[i+1])
		}
		return all
	}
	same(t, ours, theirs, "/api/v1/labels", span)
	same(t, ours, theirs, "/api/v1/labels", with("match[]", "slo_burn_rate"))
	same(t, ours, theirs, "/api/v1/label/__name__/values", span)
	same(t, ours, theirs, "/api/v1/label/slo/values", with("match[]", `slo_events_total{result="bad"}`))
	same(t, ours, theirs, "/api/v1/label/slo/values", with("limit", "1"))
	same(t, ours, theirs, "/api/v1/label/nothing/values", span)
	same(t, ours, theirs, "/api/v1/series", with("match[]", "slo_burn_rate", "match[]", `{slo="freshness"}`))
	same(t, ours, theirs, "/api/v1/series", with("match[]", "slo_burn_rate", "limit", "2"))
	same(t, ours, theirs, "/api/v1/query_exemplars", with("query", "slo_burn_rate"))
	same(t, ours, theirs, "/api/v1/query", url.Values{"query": {"slo_burn_rate"}, "time": {unix(30)}, "limit": {"1"}})
	same(t, ours, theirs, "/api/v1/rules", nil)
	same(t, ours, theirs, "/api/v1/alerts", nil)
	same(t, ours, theirs, "/api/v1/metadata", nil)
}

func TestErrorsAreThoseOfPrometheus(t *testing.T) {
	store := filled(t)
	theirs := lab.StartPrometheus(t, lab.PrometheusOptions{}).URL
	pushed(t, store, theirs)
	ours := serving(t, Options{Storage: store})
	for _, c := range []struct {
		path   string
		values []string
	}{
		{"/api/v1/query", nil},
		{"/api/v1/query", []string{"query", "sum("}},
		{"/api/v1/query", []string{"query", "nothing{"}},
		{"/api/v1/query", []string{"query", "1", "time", "yesterday"}},
		{"/api/v1/query", []string{"query", "1", "timeout", "soon"}},
		{"/api/v1/query", []string{"query", "1", "limit", "-1"}},
		{"/api/v1/query", []string{"query", "slo_burn_rate[5m] + 1"}},
		{"/api/v1/query", []string{"query", `slo_burn_rate * slo_events_total`, "time", unix(30)}},
		{"/api/v1/query", []string{"query", `slo_burn_rate * on(slo) slo_error_budget_remaining_ratio`, "time", unix(30)}},
		{"/api/v1/query", []string{"query", `{a=""}`}},
		{"/api/v1/query", []string{"query", `{a=~"*"}`}},
		{"/api/v1/query_range", []string{"query", "1"}},
		{"/api/v1/query_range", []string{"query", "1", "start", unix(9), "end", unix(2), "step", "1"}},
		{"/api/v1/query_range", []string{"query", "1", "start", unix(2), "end", unix(9), "step", "0"}},
		{"/api/v1/query_range", []string{"query", "1", "start", unix(2), "end", unix(9), "step", "-1s"}},
		{"/api/v1/query_range", []string{"query", "1", "start", "0", "end", unix(9), "step", "1"}},
		{"/api/v1/query_range", []string{"query", "a[5m]", "start", unix(2), "end", unix(9), "step", "1"}},
		{"/api/v1/series", nil},
		{"/api/v1/series", []string{"match[]", `{a=~".*"}`}},
		{"/api/v1/series", []string{"match[]", `{`}},
		{"/api/v1/labels", []string{"match[]", `{`}},
		{"/api/v1/labels", []string{"start", "9", "end", "2"}},
		{"/api/v1/query_exemplars", []string{"query", "sum("}},
		{"/api/v1/metadata", []string{"limit", "many"}},
		{"/api/v1/rules", []string{"type", "other"}},
		{"/api/v1/rules", []string{"exclude_alerts", "perhaps"}},
		{"/api/v1/rules", []string{"group_limit", "0"}},
		{"/api/v1/rules", []string{"group_limit", "many"}},
		{"/api/v1/rules", []string{"group_next_token", "x"}},
		{"/api/v1/rules", []string{"group_limit", "1", "group_next_token", "x"}},
		{"/api/v1/rules", []string{"match[]", "{}"}},
	} {
		values := url.Values{}
		for i := 0; i < len(c.values); i += 2 {
			values.Add(c.values[i], c.values[i+1])
		}
		same(t, ours, theirs, c.path, values)
	}
}

func TestFederationIsThatOfPrometheus(t *testing.T) {
	store := filled(t)
	theirs := lab.StartPrometheus(t, lab.PrometheusOptions{}).URL
	pushed(t, store, theirs)
	ours := serving(t, Options{Storage: store})
	for _, selectors := range [][]string{{`{__name__=~"slo_.+"}`}, {"slo_burn_rate", `{slo="latency"}`}, {"slo_nothing"}, {"{"}, {`{a=""}`}, nil} {
		values := url.Values{"match[]": selectors}
		got, want := asked(t, "GET", ours, "/federate", values), asked(t, "GET", theirs, "/federate", values)
		if diff := cmp.Diff(want.text, got.text); diff != "" || got.code != want.code {
			t.Errorf("%v: code %d, want %d (-Prometheus +ours):\n%s", selectors, got.code, want.code, diff)
		}
	}
}
