package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

// soon waits until something holds.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: it does not come", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// silenceAt silences the team for an hour and returns the silence's id.
func silenceAt(t *testing.T, url, matcher string) string {
	t.Helper()
	now := time.Now()
	body := fmt.Sprintf(`{"matchers": [%s], "startsAt": %q, "endsAt": %q, "createdBy": "ann", "comment": "work"}`,
		matcher, now.Format(time.RFC3339Nano), now.Add(time.Hour).Format(time.RFC3339Nano))
	response, err := http.Post(url+"/api/v2/silences", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, _ := io.ReadAll(response.Body)
	var answer struct{ SilenceID string }
	if err := json.Unmarshal(text, &answer); err != nil || answer.SilenceID == "" {
		t.Fatalf("%s: %s", response.Status, text)
	}
	return answer.SilenceID
}

const routed = sound + `  alerting:
    critical: {labels: {route: phone}}
`

// A silence that would hold the page holds its healing, too: at the embedded
// Alertmanager and at a real one.
func TestSilencesMuteHealing(t *testing.T) {
	page := map[string]string{
		"alertname": "ErrorBudgetBurn", "service": "shop", "slo": "availability", "slo_id": "shop:availability", "severity": "critical",
	}
	isPhone := `{"name": "route", "value": "phone", "isRegex": false, "isEqual": true}`
	server := lab.StartAlertmanager(t, "")
	for name, more := range map[string]string{
		"embedded": "",
		"remote":   fmt.Sprintf("alerting: {alertmanagers: [{url: %q}]}\n", server.URL),
	} {
		t.Run(name, func(t *testing.T) {
			a, err := New(Options{ConfigFile: folder(t, routed, more)})
			if err != nil {
				t.Fatal(err)
			}
			run(t, a)
			soon(t, "the first tick", func() bool { return a.find("shop:availability") != nil })
			muted := a.muted()
			soon(t, "nothing is silenced", func() bool { _, muted := muted(page); return !muted })
			url := server.URL
			if a.embedded != nil {
				url = "http://" + a.Addr() + "/alertmanager"
			}
			id := silenceAt(t, url, isPhone)
			soon(t, "it is silenced", func() bool { by, muted := muted(page); return muted && by == "silence "+id })
			theirs := map[string]string{"alertname": "NodeDown", "service": "shop"}
			if by, muted := muted(theirs); muted {
				t.Errorf("an alert from elsewhere is muted by %q", by)
			}
		})
	}
}

// What samples say reaches remediation: by instance, and by version.
func TestEventsOfARunningEngine(t *testing.T) {
	a, err := New(Options{ConfigFile: folder(t, sound, "")})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	a.engine.Watch([]engine.Watched{{SLO: "shop:availability", Label: "version"}})
	events := remedyEvents{a.engine}
	var v1, v2 float64
	var got remediation.Reading
	soon(t, "members", func() bool {
		v1, v2 = v1+9, v2+1
		batch := &sli.Batch{Whole: true}
		for series, v := range map[[2]string]float64{{"200", "v1"}: v1, {"500", "v2"}: v2} {
			batch.Series = append(batch.Series, sli.Series{
				Labels: labels.FromStrings(labels.MetricName, "requests_total", "code", series[0], "version", series[1]),
				Target: "t", Points: []sli.Point{{Time: time.Now().UnixNano(), Value: v}},
			})
		}
		if _, err := a.engine.Ingest(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		got = events.Since("shop:availability", time.Time{}, 30*time.Second, "version")
		return got.Total > 0 && len(got.Members) == 2
	})
	ratio := got.Bad / got.Total
	if ratio < 0.05 || ratio > 0.2 || got.Members["v1"].Bad != 0 || got.Members["v2"].Bad != got.Members["v2"].Total {
		t.Errorf("%+v", got)
	}
	if burn, known := got.Burn(); !known || burn < 50 {
		t.Errorf("burn %v, known %v", burn, known)
	}
	if view := a.remedyView(); !view.Instances["shop:availability"].Known {
		t.Errorf("view %+v", view)
	}
	if r := events.Since("nobody", time.Time{}, 0, ""); r.Total != 0 || r.Budget != 0 || r.Members != nil {
		t.Errorf("nobody's events: %+v", r)
	}
}

// Members are watched of those SLOs whose events may prove an action.
func TestWatchedByPlaybooks(t *testing.T) {
	on := func(text string) slo.Matchers {
		m, err := slo.ParseMatchers(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	var programs []*sli.Program
	for _, service := range []string{"a", "b", "c"} {
		programs = append(programs, &sli.Program{Spec: specOf(service)})
	}
	by := func(labels ...string) (list []slo.Remedy) {
		for _, l := range labels {
			list = append(list, slo.Remedy{By: l})
		}
		return list
	}
	for text, c := range map[string]struct {
		p    *slo.Remediation
		want []engine.Watched
	}{
		"by version":    {&slo.Remediation{On: on(`service="b", severity="critical"`), Remedies: by("version", "", "version")}, []engine.Watched{{SLO: "b:availability", Label: "version"}}},
		"no label":      {&slo.Remediation{On: on(`service="b"`), Remedies: by("")}, nil},
		"another's SLO": {&slo.Remediation{On: on(`service="b"`), Remedies: by("zone"), Proof: slo.RemedyProof{SLO: "c:availability"}}, []engine.Watched{{SLO: "c:availability", Label: "zone"}}},
		"two services":  {&slo.Remediation{On: on(`service=~"a|c", region="eu"`), Remedies: by("v")}, []engine.Watched{{SLO: "a:availability", Label: "v"}, {SLO: "c:availability", Label: "v"}}},
		"another team":  {&slo.Remediation{On: on(`team="x"`), Remedies: by("v")}, nil},
	} {
		if got := watchedBy([]*slo.Remediation{c.p, c.p}, programs); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", text, got, c.want)
		}
	}
}
