package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/test/lab"
)

// asGrafana asks the engine as a Grafana does: with a form, by the name it has
// in Grafana's network.
func asGrafana(t testing.TB, engine, path string, form url.Values) (value string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "POST", engine+"/prometheus/api/v1/"+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Host = "slo-engine.monitoring.svc:9490"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := web.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s %w", response.Status, body, err)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value  [2]any   `json:"value"`
				Values [][2]any `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return "", err
	}
	if len(answer.Data.Result) != 1 {
		return "", fmt.Errorf("want one series: %s", body)
	}
	if values := answer.Data.Result[0].Values; len(values) > 0 {
		return fmt.Sprint(values[0][1]), nil
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}

// A Grafana asks the engine itself, a Prometheus gets the same series, and what
// was written is there after kill -9.
func TestHistory(t *testing.T) {
	t.Parallel()
	prometheus := lab.StartPrometheus(t, lab.PrometheusOptions{})
	s := &site{T: t, binary: buildEngine(t), dir: t.TempDir()}
	put(t, s.dir, "slos/slos.yaml", soundSLO)
	config := freePorts + "\nstorage: {history_interval: 1s}\nremote_write: [{url: '" + prometheus.URL + "/api/v1/write'}]\n"
	s.running, s.url = serveEngine(t, s.binary, s.dir, map[string]string{"slo-engine.yaml": config})
	shop := &sender{to: &writer{url: s.url, shift: -time.Minute}, ok: 1000, bad: 10}
	shop.serve(t, 0, 0)
	shop.serve(t, 990, 10)

	const bad = `slo_events_total{slo="availability",result="bad"}`
	wants := func(want string, ask func() (string, error)) {
		t.Helper()
		lab.Eventually(t, patience, func() error {
			if got, err := ask(); err != nil || got != want {
				return fmt.Errorf("got %q, want %q: %w", got, want, err)
			}
			return nil
		})
	}
	now := func() (string, error) { return asGrafana(t, s.url, "query", url.Values{"query": {bad}}) }
	wants("10", now)
	wants("10", func() (string, error) {
		found, err := prometheus.Query(t.Context(), bad, time.Now())
		if err != nil || len(found) != 1 {
			return "", fmt.Errorf("%v: %w", found, err)
		}
		return found[0].Value.String(), nil
	})

	at := strconv.FormatInt(time.Now().Unix()+1, 10)
	stored := func() (string, error) { // as of then: nothing of now is in it
		return asGrafana(t, s.url, "query_range", url.Values{"query": {bad}, "start": {at}, "end": {at}, "step": {"1"}})
	}
	wants("10", stored)
	s.running.Kill()
	s.running, s.url = serveEngine(t, s.binary, s.dir, map[string]string{"slo-engine.yaml": config})
	wants("10", stored)
	wants("10", now)
}
