package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/audit"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

const maintenance = `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: checkout-availability}
spec: {service: checkout, objective: 99.9%, window: 30d, sli: {ratio: {total: a_total, bad: b_total}}}
---
apiVersion: slo-engine.dev/v1
kind: BudgetAdjustment
metadata: {name: sunday}
spec: {select: ['service="checkout"', 'slo=~".+"'], reason: database, start: 2026-03-01T11:30:00Z, duration: 1h, rrule: FREQ=MONTHLY}
`

// audited are options with an adjustment and what is known of it.
func audited(t *testing.T, asked *audit.Query) Options {
	t.Helper()
	specs, problems := slo.Load("slos/checkout.yaml", []byte(maintenance))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return Options{
		Adjustments: func() []Adjustment {
			return []Adjustment{{specs[0].Adjustments[0], []string{"checkout:checkout-availability"}}}
		},
		Audit: func(q audit.Query) []audit.Record {
			if asked != nil {
				*asked = q
			}
			return []audit.Record{{
				Time: noon, Kind: "adjustment_applied", Subject: "sunday", By: "file: slos/checkout.yaml:6", After: specs[0].Adjustments[0].String(),
			}}
		},
	}
}

func TestAdjustments(t *testing.T) {
	got := text(t, ask(t, audited(t, nil), "GET", "/api/v1/adjustments", ""))
	want := `{"adjustments":[{"name":"sunday","reason":"database","select":["service=\"checkout\"","slo=~\".+\""],` +
		`"schedule":"1h from 2026-03-01T11:30:00 UTC, FREQ=MONTHLY","active":true,` +
		`"spans":[{"from":"2026-03-01T11:30:00.000Z","to":"2026-03-01T12:30:00.000Z"}],` +
		`"slos":["checkout:checkout-availability"],"origin":{"file":"slos/checkout.yaml","document":2,"line":6}}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := text(t, ask(t, Options{}, "GET", "/api/v1/adjustments", "")); got != `{"adjustments":[]}`+"\n" {
		t.Errorf("none: %s", got)
	}
	if r := ask(t, Options{}, "GET", "/api/v1/adjustments?name=x", ""); r.StatusCode != http.StatusBadRequest {
		t.Errorf("a parameter: %d", r.StatusCode)
	}
}

func TestAudit(t *testing.T) {
	var asked audit.Query
	o := audited(t, &asked)
	got := text(t, ask(t, o, "GET", "/api/v1/audit", ""))
	want := `{"records":[{"time":"2026-03-01T12:00:00.250Z","kind":"adjustment_applied","subject":"sunday","by":"file: slos/checkout.yaml:6",` +
		`"before":"","after":"1h from 2026-03-01T11:30:00 UTC, FREQ=MONTHLY, of {service=\"checkout\", slo=~\".+\"}: database","slos":[]}]}` + "\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if asked != (audit.Query{Limit: 100}) {
		t.Errorf("asked %+v", asked)
	}
	text(t, ask(t, o, "GET", "/api/v1/audit?since=2026-03-01T00:00:00%2B01:00&kind=adjustment&subject=sunday&limit=7", ""))
	asked.Since = asked.Since.UTC()
	if asked != (audit.Query{Since: time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC), Kind: "adjustment", Subject: "sunday", Limit: 7}) {
		t.Errorf("asked %+v", asked)
	}
	for query, says := range map[string]string{
		"since=yesterday": "is not a time", "limit=0": "from 1 to 10000", "limit=x": "from 1 to 10000", "limit=10001": "from 1 to 10000",
		"who=me": "unknown parameter who", "kind=a&kind=b": "2 times", "kind=%zz": "cannot be read",
	} {
		r := ask(t, o, "GET", "/api/v1/audit?"+query, "")
		if body := text(t, r); r.StatusCode != http.StatusBadRequest || !strings.Contains(body, says) {
			t.Errorf("%s: %d %s", query, r.StatusCode, body)
		}
	}
}

func TestOpenAPIDescribesTheAudit(t *testing.T) {
	for target, name := range map[string]string{"/api/v1/adjustments": "AdjustmentList", "/api/v1/audit": "AuditList"} {
		describes(t, target, name, text(t, ask(t, audited(t, nil), "GET", target, "")))
	}
}

// describes checks an answer against a schema of openapi.yaml.
func describes(t *testing.T, target, name, body string) {
	t.Helper()
	d := parseOpenAPI(t)
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	for _, wrong := range d.check(d.Components.Schemas[name], value, target) {
		t.Error(wrong)
	}
}
