package sloth

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

const good = `version: "prometheus/v1"
service: shop
labels: {team: payments, area: eu}
slos:
  - name: pay-availability
    objective: 99.9
    description: Shoppers can pay
    labels: {team: cards}
    sli:
      events:
        error_query: sum(rate(pay_total{code=~"5.."}[{{.window}}]))
        total_query: sum(rate(pay_total[{{ .window }}]))
    alerting:
      name: PayFails
      labels: {route: a}
      annotations: {runbook: "https://example.com/pay"}
      page_alert:
        labels: {severity: critical}
        annotations: {title: page}
      ticket_alert: {disable: true}
  - name: pay-ratio
    objective: 95.50
    sli: {raw: {error_ratio_query: "pay:errors:ratio_rate{{.window}}"}}
    alerting: {page_alert: {disable: true}, ticket_alert: {disable: true}}
`

const goodResource = `apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: pay, namespace: shop, labels: {app: x}}
spec:
  service: shop
  labels: {team: payments, area: eu}
  slos:
    - name: pay-availability
      objective: 99.9
      description: Shoppers can pay
      labels: {team: cards}
      sli:
        events:
          errorQuery: sum(rate(pay_total{code=~"5.."}[{{.window}}]))
          totalQuery: sum(rate(pay_total[{{ .window }}]))
      alerting:
        name: PayFails
        labels: {route: a}
        annotations: {runbook: "https://example.com/pay"}
        pageAlert:
          labels: {severity: critical}
          annotations: {title: page}
        ticketAlert: {disable: true}
    - name: pay-ratio
      objective: 95.50
      sli: {raw: {errorRatioQuery: "pay:errors:ratio_rate{{.window}}"}}
      alerting: {pageAlert: {disable: true}, ticketAlert: {disable: true}}
status: {processedSLOs: 2, promOpRulesGenerated: true}
`

func load(o Options, text string) ([]*slo.Spec, []slo.Problem) {
	return slo.Loader{Formats: Formats(o), Strict: o.Strict}.Load(slo.File{Name: "a.yaml", Data: []byte(text)})
}

func objective(t testing.TB, text string) slo.Objective {
	t.Helper()
	o, err := slo.ParseObjective(text)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

var exactly = cmp.Exporter(func(t reflect.Type) bool { return t == reflect.TypeFor[slo.Objective]() })

// alike are Specs without what says where they were written.
func alike(specs []*slo.Spec) (out []slo.Spec) {
	for _, s := range specs {
		c := *s
		c.Origin, c.Format, c.Fields, c.At = slo.Origin{}, slo.Format{}, nil, ""
		out = append(out, c)
	}
	return out
}

func TestRead(t *testing.T) {
	want := []slo.Spec{
		{
			Service: "shop", Name: "pay-availability", Description: "Shoppers can pay",
			Labels: map[string]string{"team": "cards", "area": "eu"}, Objective: objective(t, "99.9%"),
			Window: slo.Window{Rolling: 28 * 24 * time.Hour}, MaxGroups: slo.DefaultMaxGroups,
			SLI: slo.SLI{Ratio: &slo.Ratio{
				Bad: `sum(rate(pay_total{code=~"5.."}[{{.window}}]))`, Total: `sum(rate(pay_total[{{ .window }}]))`,
			}},
			Alerting: slo.Alerting{
				Name: "PayFails", Labels: map[string]string{"route": "a"}, Annotations: map[string]string{"runbook": "https://example.com/pay"},
				Critical: slo.AlertingOf{Labels: map[string]string{"severity": "critical"}, Annotations: map[string]string{"title": "page"}},
				Warning:  slo.AlertingOf{Disabled: true},
			},
		},
		{
			Service: "shop", Name: "pay-ratio", Labels: map[string]string{"team": "payments", "area": "eu"}, Objective: objective(t, "95.5%"),
			Window: slo.Window{Rolling: 28 * 24 * time.Hour}, MaxGroups: slo.DefaultMaxGroups,
			SLI:      slo.SLI{Ratio: &slo.Ratio{ErrorRatio: "pay:errors:ratio_rate{{.window}}"}},
			Alerting: slo.Alerting{Disabled: true, Critical: slo.AlertingOf{Disabled: true}, Warning: slo.AlertingOf{Disabled: true}},
		},
	}
	for format, text := range map[slo.Format]string{V1: good, Resource: goodResource} {
		specs, problems := load(Options{Strict: true, Period: 28 * 24 * time.Hour}, text)
		for _, p := range problems {
			// The label severity is one that the engine sets too.
			if p.Severity == slo.Error || !strings.Contains(p.Field, "severity") {
				t.Errorf("%v: %v", format, p)
			}
		}
		if diff := cmp.Diff(want, alike(specs), exactly); diff != "" {
			t.Errorf("%v: %s", format, diff)
		}
		for _, s := range specs {
			if s.Format != format {
				t.Errorf("format is %v, want %v", s.Format, format)
			}
		}
	}
}

func TestDefaultPeriod(t *testing.T) {
	specs, _ := load(Options{}, good)
	if len(specs) != 2 || specs[0].Window.Rolling != 30*24*time.Hour {
		t.Errorf("%+v", specs)
	}
}

func TestObjectives(t *testing.T) {
	for written, want := range map[string]string{
		"99.9": "99.9%", "99.90": "99.9%", "99": "99%", "1": "1%", "99.99999": "99.99999%", "9.99e1": "99.9%", ".5": "0.5%",
		"99.123456789012345678901234567890": "99.12345678901235%",
	} {
		specs, problems := load(Options{}, strings.Replace(good, "99.9", written, 1))
		if len(specs) == 0 || specs[0].Objective != objective(t, want) {
			t.Errorf("%s: %v, %v", written, specs, problems)
		}
	}
}

// TestUnquoted: what people forget to quote is what JSON makes of it.
func TestUnquoted(t *testing.T) {
	specs, problems := load(Options{Strict: true}, `version: prometheus/v1
service: 12
labels: {int: 2, float: 0.50, whole: 1.0, large: 1e21, hex: 0x1F, yes: true, date: 2026-01-02, max: 18446744073709551615, text: "0.50"}
slos:
  - name: 99
    objective: 99
    description: false
    sli: {raw: {error_ratio_query: "r{{.window}}"}}
    alerting: {name: 5e2, annotations: {percent: 99.0}}
`)
	if len(specs) != 1 || len(problems) > 0 {
		t.Fatal(specs, problems)
	}
	got := []any{specs[0].Service, specs[0].Name, specs[0].Description, specs[0].Alerting.Name, specs[0].Alerting.Annotations, specs[0].Labels}
	want := []any{"12", "99", "false", "500", map[string]string{"percent": "99"}, map[string]string{
		"int": "2", "float": "0.5", "whole": "1", "large": "1e+21", "hex": "31", "yes": "true", "date": "2026-01-02", "max": "18446744073709551615", "text": "0.50",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
