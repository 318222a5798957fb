package api

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// eventKinds are an SLO of each kind whose events somebody judges or tells,
// called after the kind, in the order of their ids; the one of spans has traces.
func eventKinds() (list []*engine.Instance) {
	for name, sli := range map[string]slo.SLI{
		"spans": {Spans: &slo.Spans{
			Service: "checkout", Name: "POST /pay", Kind: "server", Attributes: []string{`http.route="/pay"`},
			Bad: []string{`http.response.status_code=~"5.."`}, Ignore: []string{`http.response.status_code=~"4.."`}, SlowerThan: 300 * time.Millisecond,
		}},
		"logs": {Logs: &slo.Logs{
			Service: "checkout", Of: slo.LogSelection{Severity: "info", Attributes: []string{`event.name="order"`}, Body: "order .*"},
			Bad: slo.LogSelection{Severity: "error"},
		}},
		"promql": {Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: "a", Good: "b"}, Step: time.Minute}},
		"logql":  {Query: &slo.Query{Language: slo.LogQL, Ratio: slo.Ratio{ErrorRatio: "c"}, Step: 90 * time.Second}},
	} {
		s := spec("zoo", name, nil)
		s.SLI = sli
		in := healthy(s)
		if name == "spans" {
			in.Traces = []engine.Trace{{ID: "4bf92f3577b34da6a3ce929d0e0e4736", At: noon.Add(-time.Minute)}}
		}
		list = append(list, in)
	}
	slices.SortFunc(list, func(a, b *engine.Instance) int { return strings.Compare(a.ID, b.ID) })
	return list
}

func TestDetailSaysHowEventsAreJudged(t *testing.T) {
	snapshot := &engine.Snapshot{At: noon, Instances: eventKinds()}
	for name, want := range map[string]string{
		"spans": `{"spans":{"service":"checkout","name":"POST /pay","kind":"server","attributes":["http.route=\"/pay\""],` +
			`"bad":["http.response.status_code=~\"5..\""],"ignore":["http.response.status_code=~\"4..\""],"slower_than":"300ms"}}`,
		"logs":   `{"logs":{"service":"checkout","of":{"severity":"info","attributes":["event.name=\"order\""],"body":"order .*"},"bad":{"severity":"error"}}}`,
		"promql": `{"promql":{"total":"a","good":"b","step":"1m"}}`,
		"logql":  `{"logql":{"error_ratio":"c","step":"1m30s"}}`,
	} {
		var detail struct {
			Traces json.RawMessage
			Spec   struct{ SLI json.RawMessage }
		}
		body := text(t, ask(t, Options{Snapshot: at(snapshot)}, "GET", "/api/v1/slos/zoo:"+name, ""))
		if err := json.Unmarshal([]byte(body), &detail); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(detail.Spec.SLI)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		traces := `[]`
		if name == "spans" {
			traces = `[{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","at":"2026-03-01T11:59:00.250Z"}]`
		}
		if got := strings.TrimSpace(string(detail.Traces)); got != traces {
			t.Errorf("%s: traces %s, want %s", name, got, traces)
		}
	}
}
