package native

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/lab"
)

// spec is an SLO of 99.9 % over a rolling window.
func spec(name string, window time.Duration, sli slo.SLI, groupBy ...string) *slo.Spec {
	o, err := slo.ParseObjective("99.9%")
	if err != nil {
		panic(err)
	}
	return &slo.Spec{Service: "shop", Name: name, Objective: o, Window: slo.Window{Rolling: window}, SLI: sli, GroupBy: groupBy}
}

func badOf(total, bad string) slo.SLI   { return slo.SLI{Ratio: &slo.Ratio{Total: total, Bad: bad}} }
func errorRatio(text string) slo.SLI    { return slo.SLI{Ratio: &slo.Ratio{ErrorRatio: text}} }
func goodOf(total, good string) slo.SLI { return slo.SLI{Ratio: &slo.Ratio{Total: total, Good: good}} }

const day = 24 * time.Hour

// write writes the rules of specs to a file and returns its folder.
func write(t *testing.T, groups []rules.Group) string {
	t.Helper()
	var b bytes.Buffer
	if err := rules.Write(&b, "", groups); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// translate wants rules without an error.
func translate(t *testing.T, o Options, specs ...*slo.Spec) []rules.Group {
	t.Helper()
	groups, problems := Dialect(o)(specs)
	for _, p := range problems {
		if p.Severity == slo.Error {
			t.Fatal(p)
		}
	}
	return groups
}

// corpus has every kind of SLI, of window and of alerting.
func corpus() []*slo.Spec {
	below, above := 5.0, 1.0
	list := []*slo.Spec{
		spec("bare", 30*day, badOf(`x_total`, `x_total{code=~"5.."}`)),
		spec("good", 28*day, goodOf(`x_total`, `x_total{code!~"5.."}`)),
		spec("sums", 7*day, badOf(`sum(rate(x_total[5m])) + sum(y_total)`, `x_total - y_total`)),
		spec("grouped", 30*day, goodOf(`x_total`, `x_total{code!~"5.."}`), "route", "http.method"),
		spec("ratio", 30*day, errorRatio(`1 - (sum(rate(g[{{.window}}])) / sum(rate(t[{{.window}}])) or vector(1))`)),
		spec("mean", 30*day, errorRatio(`1 - avg_over_time(up{job="x"}[5m])`)),
		spec("fraction", 30*day, errorRatio(`1 - histogram_fraction(0, 0.3, sum(rate(h[5m])))`)),
		spec("latency", 30*day, slo.SLI{Latency: &slo.Latency{Histogram: `h{job="x"}`, Errors: `h{job="x",code="500"}`, Below: time.Second}}),
		spec("slices", 30*day, slo.SLI{Threshold: &slo.Threshold{Metric: `depth`, Below: &below, Above: &above, Slice: time.Minute}}),
		spec("samples", 30*day, slo.SLI{Threshold: &slo.Threshold{Metric: `up`, Above: &above, PerSample: true}}, "job"),
		spec("short", 6*time.Hour, badOf(`x_total`, `y_total`)),
	}
	for period := slo.Day; period <= slo.Year; period++ {
		s := spec("each-"+period.String(), 0, badOf(`x_total`, `y_total`), "route")
		s.Window = slo.Window{Period: period, Location: time.FixedZone("", 3600*int(period-2))}
		list = append(list, s)
	}
	loose := spec("loose", 30*day, badOf(`x_total`, `y_total`))
	loose.Objective, _ = slo.ParseObjective("60%")
	named := spec("named", 30*day, badOf(`x_total`, `y_total`))
	named.Labels = map[string]string{"team": "a", "window": "b"}
	named.Alerting = slo.Alerting{Name: "Mine", AbsentName: "Gone", Labels: map[string]string{"l": "1"}, Severities: map[string]string{"page_slow": "warning"},
		Critical: slo.AlertingOf{Annotations: map[string]string{"runbook_url": "https://x"}}}
	return append(list, loose, named)
}

func TestPromtoolTakesTheCorpus(t *testing.T) {
	for _, o := range []Options{{}, {Templates: rules.TemplateOptions{NativeHistograms: true}}} {
		lab.Run(t, "promtool", "check", "rules", filepath.Join(write(t, translate(t, o, corpus()...)), "rules.yaml"))
	}
}

func TestPromtoolTakesTheExamples(t *testing.T) {
	files, err := filepath.Glob("../../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var specs []*slo.Spec
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list, problems := slo.Load(file, content)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		specs = append(specs, list...)
	}
	specs = slices.DeleteFunc(specs, func(s *slo.Spec) bool { return s.Composite != nil }) // no rules can say them
	lab.Run(t, "promtool", "check", "rules", filepath.Join(write(t, translate(t, Options{}, specs...)), "rules.yaml"))
}

// What the dialect cannot say is left out, by name; the others are written.
func TestDialectNamesWhatItCannotSay(t *testing.T) {
	slices := spec("slices", 30*day, badOf(`x`, `y`))
	slices.Budgeting = slo.Budgeting{Method: slo.Timeslices, Slice: time.Minute, Target: 0.9}
	whole := spec("whole", 30*day, slo.SLI{})
	whole.Composite = &slo.Composite{Slice: time.Minute, Parts: []slo.Part{{SLO: "shop:fine", Weight: 1}}}
	below := 1.0
	bad := []*slo.Spec{
		slices,
		spec("ready", 30*day, errorRatio(`job:errors:ratio`)),
		spec("group", 30*day, badOf(`x`, `y`), "service"),
		spec("long", 30*day, slo.SLI{Threshold: &slo.Threshold{Metric: `x`, Below: &below, Slice: time.Hour}}),
		spec("broken", 30*day, badOf(`x`, `y{`)),
		spec("asked", 30*day, slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{ErrorRatio: `max(delta(x[{{.window}}]))`}, Step: time.Minute}}),
		spec("seldom", 30*day, slo.SLI{Query: &slo.Query{Language: slo.PromQL, Ratio: slo.Ratio{Total: `a`, Bad: `b`}, Step: time.Hour}}),
		spec("spans", 30*day, slo.SLI{Spans: &slo.Spans{Service: "x"}}),
		whole,
	}
	groups, problems := Dialect(Options{})(append(bad, spec("fine", 30*day, badOf(`x`, `y`))))
	if len(groups) != 2 || !strings.Contains(groups[0].Name, "fine") {
		t.Errorf("%d groups, want the two of the last SLO", len(groups))
	}
	fields := map[string]string{
		"shop:slices": "spec.budgeting.method", "shop:ready": "spec.sli.ratio.errorRatio", "shop:group": "spec.groupBy",
		"shop:long": "spec.sli.threshold.slice", "shop:broken": "spec.sli.ratio.bad",
		"shop:whole": "spec.composite", "shop:asked": "spec.sli.promql.errorRatio", "shop:seldom": "spec.sli.promql.step", "shop:spans": "spec.sli.spans",
	}
	for _, p := range problems {
		if p.Severity == slo.Error && fields[p.SLO] == p.Field {
			delete(fields, p.SLO)
		}
	}
	if len(fields) > 0 {
		t.Errorf("not named: %v in %v", fields, problems)
	}
}

func TestZonesWithSummerTimeWarn(t *testing.T) {
	s := spec("a", 0, badOf(`x`, `y`))
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	s.Window = slo.Window{Period: slo.Month, Location: berlin}
	_, problems := Dialect(Options{})([]*slo.Spec{s})
	if len(problems) != 1 || problems[0].Field != "spec.window.timeZone" || problems[0].Severity != slo.Warning {
		t.Errorf("problems %v, want a warning about daylight saving time", problems)
	}
}

// none has no burn tiers: only counts and budget.
func none(*slo.Spec) []alerts.Tier { return nil }

// promtest runs promtool's unit test: series by selector, then what is asked.
func promtest(t *testing.T, groups []rules.Group, interval string, series map[string]string, asked ...string) {
	t.Helper()
	dir := write(t, groups)
	var b strings.Builder
	fmt.Fprintf(&b, "rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n- interval: %s\n  input_series:\n", interval)
	for selector, values := range series {
		fmt.Fprintf(&b, "  - {series: '%s', values: '%s'}\n", selector, values)
	}
	b.WriteString(strings.Join(asked, ""))
	file := filepath.Join(dir, "test.yaml")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "promtool", "test", "rules", file)
}
