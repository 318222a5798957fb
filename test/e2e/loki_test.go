package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// mirrored is a line that Loki has.
type mirrored struct {
	labels map[string]string
	fields map[string]any
	text   string
}

func (m mirrored) String() string { return fmt.Sprintf("%v %s", m.labels, m.text) }

// mirror is an engine and the Loki that it mirrors to.
type mirror struct {
	*running
	loki    *lab.Loki
	process *lab.Process
}

// lines are those of a query.
func (m *mirror) lines(t *testing.T, query string) ([]mirrored, error) {
	var found []mirrored
	streams, err := m.loki.QueryRange(t.Context(), query, time.Now().Add(-3*time.Hour))
	for _, stream := range streams {
		for _, value := range stream.Values {
			line := mirrored{labels: stream.Labels, text: value[1]}
			if err := json.Unmarshal([]byte(line.text), &line.fields); err != nil {
				return nil, fmt.Errorf("%s: %w", line.text, err)
			}
			found = append(found, line)
		}
	}
	return found, err
}

// await waits for as many lines of a query as there ought to be, and no more.
func (m *mirror) await(t *testing.T, query string, n int) (found []mirrored) {
	t.Helper()
	lab.Eventually(t, 2*patience, func() (err error) {
		if found, err = m.lines(t, query); err == nil && len(found) != n {
			err = fmt.Errorf("%d lines of %s, want %d: %v", len(found), query, n, found)
		}
		return err
	})
	return found
}

// pages selects what the pages of an SLO instance did.
func pages(event, id string) string {
	return fmt.Sprintf(`{job="slo-engine", kind="alert", severity="critical"} |= %q |= %q`, `"event":"`+event+`"`, strings.Trim(strconv.Quote(id), `"`))
}

// The transitions of a page and the records of the audit are in Loki, as the
// audit has them. Loki is killed and comes back: all that was said meanwhile is
// there, and no budget noticed.
func TestLokiMirrorsWhatIsSaid(t *testing.T) {
	t.Parallel()
	loki := lab.StartLoki(t)
	traces := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(traces.Close)
	m := mirrorTo(t, loki, fmt.Sprintf("tracing: {otlp_endpoint: '%s', insecure: true, sample_ratio: 1}\n", strings.TrimPrefix(traces.URL, "http://")))
	shop := openTraffic(t, m.running, "/pay")
	shop.fail("/pay", true)
	id := m.groupID(t, "/pay")
	page := m.await(t, pages("fired", id), 1)[0]
	checkFired(t, m, page, id)
	shop.fail("/pay", false)
	if ended := m.await(t, pages("resolved", id), 1)[0]; ended.fields["reason"] != "recovered" || ended.fields["since"] != page.fields["since"] {
		t.Errorf("resolved: %s\nafter: %s", ended, page)
	}

	checkAudited(t, m, "drill", false)
	put(t, m.Dir, "slos/slos.yaml", pagedSLO+drill("exercise"))
	if code, answer := ask(t, "POST", m.URL+"/-/reload", "", ""); code != 200 {
		t.Fatalf("reload: %d %s", code, answer)
	}
	checkAudited(t, m, "exercise", true)
	checkLabels(t, m)
	checkDocumented(t, m)

	loki.Kill()
	shop.fail("/pay", true)
	m.awaitPages(t, 2)
	shop.fail("/pay", false)
	shop.stop()
	m.awaitCounts(t, shop.counts())
	lab.Eventually(t, patience, func() error {
		if m.metric(t, "slo_engine_loki_failures_total") == 0 {
			return errors.New("no push has failed")
		}
		return nil
	})
	loki.Restart(t)
	m.await(t, pages("fired", id), 2)
	lab.Eventually(t, patience, func() error { return m.settled(t) })
	m.process.Signal(syscall.SIGTERM)
	if err := m.process.Wait(); err != nil {
		t.Errorf("end: %v", err)
	}
}

// drill is an adjustment of an hour that nothing happened in.
func drill(name string) string {
	began := time.Now().Add(-2 * time.Hour).Truncate(time.Hour)
	return excluding(name, began, began.Add(time.Hour))
}

func mirrorTo(t *testing.T, loki *lab.Loki, more string) *mirror {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "slos/slos.yaml", pagedSLO+drill("drill"))
	p, address := serveEngine(t, buildEngine(t), dir, map[string]string{"slo-engine.yaml": freePorts + more +
		fmt.Sprintf("notify: {loki: {url: '%s', labels: {cluster: lab}, batch_wait: 100ms, timeout: 2s}}\n", loki.URL)})
	c, err := client.New(address, client.Options{HTTP: web})
	if err != nil {
		t.Fatal(err)
	}
	return &mirror{&running{Client: c, URL: address, Dir: dir}, loki, p}
}

func checkFired(t *testing.T, m *mirror, page mirrored, id string) {
	t.Helper()
	labels := map[string]string{"job": "slo-engine", "kind": "alert", "service": "checkout", "severity": "critical", "cluster": "lab"}
	if diff := cmp.Diff(labels, page.labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	for name, want := range map[string]any{
		"slo_id": id, "slo": "availability", "alertname": "ErrorBudgetBurn", "group": map[string]any{"route": "/pay"},
		"url": m.URL + "/api/v1/slos/" + id, "quiet": nil, "reason": nil,
	} {
		if diff := cmp.Diff(want, page.fields[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if burn, _ := page.fields["burn"].(float64); burn <= 6 || tierWindows[page.fields["tier"].(string)][0] == "" {
		t.Errorf("the page says: %s", page)
	}
}

// checkAudited wants Loki to have a record as the file has it.
func checkAudited(t *testing.T, m *mirror, subject string, traced bool) {
	t.Helper()
	line := m.await(t, fmt.Sprintf(`{kind="audit"} |= "adjustment_applied" |= %q`, `"subject":"`+subject+`"`), 1)[0]
	file, err := os.ReadFile(filepath.Join(m.Dir, "data", "audit.jsonl"))
	if err != nil || !slices.Contains(strings.Split(string(file), "\n"), line.text) {
		t.Errorf("%s\nis not in the audit: %v\n%s", line, err, file)
	}
	if diff := cmp.Diff(map[string]string{"job": "slo-engine", "kind": "audit", "cluster": "lab"}, line.labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if id, _ := line.fields["trace_id"].(string); traced != regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
		t.Errorf("trace id %q, traced %v", id, traced)
	}
}

// checkLabels wants few labels with few values.
func checkLabels(t *testing.T, m *mirror) {
	t.Helper()
	values := func(path string) []string {
		var answer struct{ Data []string }
		if err := json.Unmarshal([]byte(look(t, m.loki.URL+"/loki/api/v1/"+path)), &answer); err != nil {
			t.Fatal(err)
		}
		slices.Sort(answer.Data)
		return answer.Data
	}
	got := map[string][]string{}
	for _, name := range values("labels") {
		got[name] = values("label/" + name + "/values")
	}
	severities := got["severity"]
	delete(got, "severity")
	want := map[string][]string{"cluster": {"lab"}, "job": {"slo-engine"}, "kind": {"alert", "audit"}, "service": {"checkout"}}
	if diff := cmp.Diff(want, got); diff != "" || !slices.Contains(severities, "critical") || len(severities) > 4 {
		t.Errorf("severities %v, labels (-want +got):\n%s", severities, diff)
	}
}

// checkDocumented asks what the documentation asks.
func checkDocumented(t *testing.T, m *mirror) {
	t.Helper()
	text, err := os.ReadFile("../../docs/loki.md")
	queries := regexp.MustCompile("(?ms)^```logql\n(.*?)^```$").FindAllStringSubmatch(string(text), -1)
	if err != nil || len(queries) < 5 {
		t.Fatalf("%d queries, %v", len(queries), err)
	}
	for _, query := range queries {
		values := url.Values{"query": {query[1]}, "start": {strconv.FormatInt(time.Now().Add(-3*time.Hour).Unix(), 10)}}
		code, answer := ask(t, "GET", m.loki.URL+"/loki/api/v1/query_range?"+values.Encode(), "", "")
		// No span came, so no trace is known.
		if empty := strings.Contains(answer, `"result":[]`); code != http.StatusOK || empty != strings.Contains(query[1], "trace_ids") {
			t.Errorf("%s answers %d %s", query[1], code, answer)
		}
	}
}

// awaitPages waits until the engine has logged so many pages.
func (m *mirror) awaitPages(t *testing.T, n int) {
	t.Helper()
	page := regexp.MustCompile(`msg="alert fired".* severity=critical`)
	lab.Eventually(t, patience, func() error {
		if got := len(page.FindAllString(m.process.Output(), -1)); got < n {
			return fmt.Errorf("%d pages", got)
		}
		return nil
	})
}

// settled wants Loki to have every line.
func (m *mirror) settled(t *testing.T) error {
	for _, name := range []string{"queue_length", `dropped_total{reason="queue_full"}`, `dropped_total{reason="refused"}`, `dropped_total{reason="gave_up"}`} {
		if n := m.metric(t, "slo_engine_loki_"+name); n != 0 {
			return fmt.Errorf("slo_engine_loki_%s is %v", name, n)
		}
	}
	lines, err := m.lines(t, `{job="slo-engine"}`)
	if sent := m.metric(t, "slo_engine_loki_sent_total"); err == nil && int(sent) != len(lines) {
		err = fmt.Errorf("%v lines sent, Loki has %d", sent, len(lines))
	}
	return err
}

// metric is one of the engine's own.
func (m *mirror) metric(t *testing.T, name string) float64 {
	t.Helper()
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(look(t, m.URL+"/metrics"))
	if found == nil {
		t.Fatalf("no metric %s", name)
	}
	value, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// A Loki that knows tenants has the lines of one apart from those of others.
func TestLokiOfATenant(t *testing.T) {
	t.Parallel()
	loki := lab.StartLokiOfTenants(t)
	dir := t.TempDir()
	put(t, dir, "slos/slos.yaml", pagedSLO+drill("drill"))
	serveEngine(t, buildEngine(t), dir, map[string]string{"slo-engine.yaml": freePorts +
		fmt.Sprintf("notify: {loki: {url: '%s', tenant_id: shop, batch_wait: 100ms}}\n", loki.URL)})
	for _, tenant := range []string{"shop", "other"} {
		there := tenant == "shop"
		lab.Eventually(t, patience, func() error {
			r, err := http.NewRequestWithContext(t.Context(), "GET", loki.URL+"/loki/api/v1/query_range?query="+url.QueryEscape(`{kind="audit"}`), nil)
			if err != nil {
				return err
			}
			r.Header.Set("X-Scope-OrgID", tenant)
			resp, err := web.Do(r)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			answer, err := io.ReadAll(resp.Body)
			if err == nil && (resp.StatusCode != 200 || strings.Contains(string(answer), "adjustment_applied") != there) {
				err = fmt.Errorf("%s sees %s %s", tenant, resp.Status, answer)
			}
			return err
		})
	}
}
