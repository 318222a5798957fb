package backfill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

// query is an SLO that a server is asked for.
func query(name, language string, step time.Duration, ratio slo.Ratio, groupBy ...string) *slo.Spec {
	objective, _ := slo.ParseObjective("99%")
	return &slo.Spec{
		Service: "asked", Name: name, Objective: objective, Window: slo.Window{Rolling: month}, GroupBy: groupBy,
		SLI: slo.SLI{Query: &slo.Query{Language: language, Ratio: ratio, Step: step}},
	}
}

const (
	allOf = `sum by (job) (increase(http_requests_total{job=~"shop.*"}[{{.window}}]))`
	badOf = `sum by (job) (increase(http_requests_total{job=~"shop.*",code=~"5.."}[{{.window}}]) > 0)`
)

// questions cannot be counted as data arrives.
func questions(step time.Duration) []*slo.Spec {
	all, bad := strings.ReplaceAll(allOf, " by (job)", ""), strings.ReplaceAll(badOf, " by (job)", "")
	return []*slo.Spec{
		query("sums", slo.PromQL, step, slo.Ratio{Total: all, Bad: strings.ReplaceAll(bad, " > 0", "")}),
		query("jobs", slo.PromQL, step, slo.Ratio{Total: allOf, Bad: badOf}, "job"),
	}
}

// told is the sum of what a server says itself to an expression, step by step.
func (r *rig) told(server, expr string, from, to time.Time, step time.Duration) (sum float64) {
	r.Helper()
	text := strings.ReplaceAll(expr, "{{.window}}", strconv.Itoa(int(step.Seconds()))+"s")
	for from.Before(to) {
		end := from.Add(5000 * step)
		if end.After(to) {
			end = to
		}
		sum += r.sumOf(server, url.Values{
			"query": {text}, "start": {unix(from.Add(step))}, "end": {unix(end)}, "step": {strconv.Itoa(int(step.Seconds()))},
		})
		from = end
	}
	return sum
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

func (r *rig) sumOf(server string, q url.Values) (sum float64) {
	r.Helper()
	request, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), http.MethodPost, server+"/api/v1/query_range", strings.NewReader(q.Encode()))
	if err != nil {
		r.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		r.Fatalf("%s: %s, %v", q, response.Status, err)
	}
	for _, s := range answer.Data.Result {
		for _, v := range s.Values {
			n, _ := strconv.ParseFloat(v[1].(string), 64)
			sum += n
		}
	}
	return sum
}

// instances are those of an SLO.
func (r *rig) instances(id string) (list []*engine.Instance) {
	if s := r.engine.Snapshot(); s != nil {
		for _, in := range s.Instances {
			if in.Spec.ID() == id {
				list = append(list, in)
			}
		}
	}
	return list
}

// summed are the counts of an SLO's window, of all groups.
func (r *rig) summed(id string) (sum budget.Counts) {
	for _, in := range r.instances(id) {
		sum = sum.Add(in.Period.Counts)
	}
	return sum
}

// TestQueriesOfAMonth: SLOs that only a server can answer get the budgets of a
// month from one: what it says itself step by step, and close to the truth.
func TestQueriesOfAMonth(t *testing.T) {
	t.Parallel()
	w := newWorld(3, month-10*time.Minute, time.Minute)
	present := httptest.NewServer(w)
	defer present.Close()
	prom := w.prometheus(t, present.URL)
	front := newProxy(t, prom)
	const allowed, step = 20, 5 * time.Minute
	specs := questions(step)
	r := start(t, &journal{}, promapi.Options{URL: front.URL, MaxQueriesPerSecond: allowed, QueryDelay: 5 * time.Second}, specs)
	took := r.read(3 * time.Minute)
	r.until(time.Minute, "a tick", func() error {
		for _, s := range specs {
			list := r.instances(s.ID())
			if len(list) == 0 {
				return errors.New("no instance of " + s.ID())
			}
			for _, in := range list {
				if in.Period.Coverage < 0.998 {
					return fmt.Errorf("%s: coverage is %v", in.ID, in.Period.Coverage)
				}
			}
		}
		return nil
	})
	all, most := front.load()
	t.Logf("%d SLOs after %s; %d queries, %d in a second at most", len(specs), took.Round(time.Millisecond), all, most)
	if most > allowed {
		t.Errorf("%d queries in a second, and %d were allowed", most, allowed)
	}
	var truth budget.Counts
	for _, s := range w.shops {
		truth = truth.Add(w.between(s, time.Now().Add(-month), time.Now()))
	}
	fine := time.Now().Truncate(step).Add(-month)
	for _, s := range specs {
		got := r.summed(s.ID())
		said := budget.Counts{
			Total: r.told(prom, s.SLI.Query.Ratio.Total, fine, fine.Add(month), step),
			Bad:   r.told(prom, s.SLI.Query.Ratio.Bad, fine, fine.Add(month), step),
		}
		t.Logf("%s: counted %v, it says %v, the truth is %v", s.ID(), got, said, truth)
		if apart(got, said) > 0.01 || apart(got, truth) > 0.02 {
			t.Errorf("%s: apart from what it says by %.3f %%, from the truth by %.3f %%", s.ID(), 100*apart(got, said), 100*apart(got, truth))
		}
	}
}

// apart is how far apart two counts are, in either part.
func apart(a, b budget.Counts) float64 {
	return max(math.Abs(a.Total/b.Total-1), math.Abs(a.Bad/b.Bad-1))
}

// TestQueriesOfVictoriaMetrics: another server is asked, and counts increases
// in its own way.
func TestQueriesOfVictoriaMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(2, 10*24*time.Hour, time.Minute)
	vm := lab.StartVictoriaMetrics(t)
	w.push(t, vm.URL)
	const step = 5 * time.Minute
	specs := questions(step)
	r := start(t, &journal{}, promapi.Options{URL: vm.URL, MaxQueriesPerSecond: 50}, specs)
	r.read(2 * time.Minute)
	var truth budget.Counts
	for _, s := range w.shops {
		truth = truth.Add(w.between(s, time.Now().Add(-month), time.Now()))
	}
	for _, s := range specs {
		r.until(time.Minute, "a tick that counts all", func() error {
			if got := r.summed(s.ID()); apart(got, truth) > 0.001 {
				return fmt.Errorf("%s: counted %v, the truth is %v", s.ID(), got, truth)
			}
			return nil
		})
		t.Logf("%s: counted %v, the truth is %v", s.ID(), r.summed(s.ID()), truth)
	}
}

// TestVictoriaMetricsScrapes: raw samples are read from it as from a Prometheus,
// with its usual flags, and the seam between past and present is exact.
func TestVictoriaMetricsScrapes(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"at once": nil, "usual": {"-search.latencyOffset=30s", "-search.disableCache=false"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(2, 30*time.Hour, time.Minute)
			w.calm = true // a new series shows there up to half a minute late
			w.shut = true // until its past is in
			present := httptest.NewServer(w)
			t.Cleanup(present.Close)
			vm := lab.StartVictoriaMetrics(t, append(flags, "-promscrape.config="+w.scrapeConfig(t, present.URL))...)
			w.push(t, vm.URL)
			w.open()
			lab.Eventually(t, time.Minute, func() error {
				if w.scraped() < 5 {
					return fmt.Errorf("scraped %d times", w.scraped())
				}
				return nil
			})
			r := start(t, &journal{}, promapi.Options{URL: vm.URL, PollInterval: time.Second, MaxQueriesPerSecond: 50}, specs(w))
			r.read(2 * time.Minute)
			r.until(time.Minute, "the present goes on", func() error {
				if w.scraped() < 50 {
					return fmt.Errorf("scraped %d times", w.scraped())
				}
				return nil
			})
			r.exact(w, 30) // all of them live
		})
	}
}

// lines are log lines, one a second, and every tenth tells of a failure.
type lines struct {
	url    string
	pushed time.Time // of the newest
}

// push sends the lines of (l.pushed, to].
func (l *lines) push(t *testing.T, to time.Time) {
	t.Helper()
	streams := map[string][][2]string{}
	for at := l.pushed.Add(time.Second); !at.After(to); at = at.Add(time.Second) {
		text := `level=info msg="answered (200)"`
		if at.Unix()%10 == 0 {
			text = `level=error msg="no answer"`
		}
		route := fmt.Sprintf("/%d", at.Unix()%2)
		streams[route] = append(streams[route], [2]string{strconv.FormatInt(at.UnixNano(), 10), text})
		l.pushed = at
	}
	type stream struct {
		Stream map[string]string `json:"stream"`
		Values [][2]string       `json:"values"`
	}
	var body struct {
		Streams []stream `json:"streams"`
	}
	for route, values := range streams {
		body.Streams = append(body.Streams, stream{map[string]string{"app": "shop", "route": route}, values})
	}
	if len(body.Streams) == 0 {
		return // Loki refuses nothing
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Error(err)
		return
	}
	answer, err := http.Post(l.url+"/loki/api/v1/push", "application/json", bytes.NewReader(text))
	if err != nil {
		t.Error(err)
		return
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode/100 != 2 {
		t.Errorf("push: %s", answer.Status)
	}
}

// goOn pushes each second's line until the test is over.
func (l *lines) goOn(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var pusher sync.WaitGroup
	pusher.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				l.push(t, now)
			}
		}
	})
	t.Cleanup(func() { cancel(); pusher.Wait() })
}

// TestQueriesOfLoki: log lines that lie in a Loki count each once, those of the
// past, those of now, and those of the time in which it was out of reach.
func TestQueriesOfLoki(t *testing.T) {
	t.Parallel()
	loki := lab.StartLoki(t)
	front := newProxy(t, loki.URL)
	began := time.Now().Add(-2 * time.Hour).Truncate(time.Minute)
	l := &lines{loki.URL, began}
	for l.pushed.Before(time.Now().Add(-time.Second)) {
		l.push(t, earlier(l.pushed.Add(20*time.Minute), time.Now()))
	}
	l.goOn(t)
	const step = 10 * time.Second
	spec := query("logs", slo.LogQL, step, slo.Ratio{
		Total: `sum by (route) (count_over_time({app="shop"}[{{.window}}]))`,
		Bad:   `sum by (route) (count_over_time({app="shop"} |= "level=error" [{{.window}}]))`,
	}, "route")
	r := start(t, &journal{}, promapi.Options{
		URL: front.URL, Language: slo.LogQL, PollInterval: time.Second, QueryDelay: 4 * time.Second, MaxQueriesPerSecond: 20,
	}, []*slo.Spec{spec})
	exact := func(since time.Time) {
		t.Helper()
		r.until(2*time.Minute, "the count is exact", func() error {
			newest := r.polls()[0].Newest
			if !newest.After(since) {
				return fmt.Errorf("asked up to %s: %s", newest, r.polls()[0].Problem)
			}
			want := budget.Counts{Total: newest.Sub(began).Seconds(), Bad: newest.Sub(began).Seconds() / 10}
			if got := r.summed(spec.ID()); got != want {
				return fmt.Errorf("counted %v, and there were %v up to %s", got, want, newest)
			}
			return nil
		})
	}
	r.read(2 * time.Minute)
	exact(time.Time{})
	front.breakBy(answers(http.StatusBadGateway, "away"))
	r.until(time.Minute, "the trouble is named", func() error {
		if p := r.polls()[0].Problem; !strings.Contains(p, "server_error") {
			return fmt.Errorf("problem %q", p)
		}
		return nil
	})
	away := time.Now().Add(step)
	r.until(time.Minute, "some steps are missed", func() error {
		if time.Now().Before(away) {
			return errors.New("not yet")
		}
		return nil
	})
	front.breakBy(nil)
	exact(away)
	if n := len(r.instances(spec.ID())); n != 2 {
		t.Errorf("%d groups", n)
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
