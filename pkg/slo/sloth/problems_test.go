package sloth

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// lines are problems as people read them, without the file.
func lines(problems []slo.Problem) (out []string) {
	for _, p := range problems {
		out = append(out, fmt.Sprintf("%d %s %s: %s; %s", p.Line, p.Severity, p.Field, p.Message, p.Fix))
	}
	return out
}

// minimal is a document with an SLO that nobody complains of; field names are
// those of the format.
const minimal = `version: prometheus/v1
service: shop
slos:
  - name: pay
    objective: 99.9
    sli:
      events:
        error_query: bad[{{.window}}]
        total_query: all[{{.window}}]
    alerting:
      name: Fails
`

func changed(t *testing.T, pairs ...string) string {
	t.Helper()
	text := minimal
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%q is not in the document", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// TestProblems says for each fault what is said of it, leniently and strictly.
func TestProblems(t *testing.T) {
	for name, test := range map[string]struct {
		text            string
		lenient, strict string // severity, field and the begin of the message
	}{
		"nothing":           {minimal, "", ""},
		"unknown field":     {changed(t, "    objective", "    owner: x\n    objective"), "warning slos[0].owner: unknown field", "error slos[0].owner: unknown field"},
		"objective 0":       {changed(t, "99.9", "0"), "error slos[0].objective: an objective of 0", ""},
		"objective 100":     {changed(t, "99.9", "100"), "error slos[0].objective: an objective of 100%", ""},
		"objective 101.5":   {changed(t, "99.9", "101.5"), "error slos[0].objective: an objective of 100%", ""},
		"objective -1":      {changed(t, "99.9", "-1"), "error slos[0].objective: \"-1%\" is not a percentage", ""},
		"objective missing": {changed(t, "    objective: 99.9\n", ""), "error slos[0].objective: is missing", ""},
		"objective text":    {changed(t, "99.9", `"99.9"`), "warning slos[0].objective: is a text", "error slos[0].objective: is a text"},
		"objective ratio":   {changed(t, "99.9", "0.999"), "warning slos[0].objective: promises no more than 0.999% of good events", "warning slos[0].objective"},
		"objective yes":     {changed(t, "99.9", "true"), "error slos[0].objective: must be a string", ""},
		"no service":        {changed(t, "service: shop\n", ""), "error service: is missing", ""},
		"odd service":       {changed(t, "service: shop", "service: sh op"), "error service: \"sh op\" is not a name", ""},
		"short name":        {changed(t, "name: pay", "name: p"), `warning slos[0].name: "p" is not a name that Sloth takes`, "error slos[0].name"},
		"dash at the end":   {changed(t, "name: pay", "name: pay-"), `warning slos[0].name: "pay-" is not a name that Sloth takes`, "error slos[0].name"},
		"no slos":           {"version: prometheus/v1\nservice: shop\nslos: []\n", "error slos: is empty", ""},
		"slos missing":      {"version: prometheus/v1\nservice: shop\n", "error slos: is missing", ""},
		"no sli":            {changed(t, "      events:\n        error_query: bad[{{.window}}]\n        total_query: all[{{.window}}]\n", "      {}\n"), "error slos[0].sli: says nothing to measure", ""},
		"two slis":          {changed(t, "      events:", "      raw: {error_ratio_query: 'r{{.window}}'}\n      events:"), "error slos[0].sli: has events and raw", ""},
		"plugin": {
			changed(t, "      events:\n        error_query: bad[{{.window}}]\n        total_query: all[{{.window}}]\n", "      plugin: {id: my/own, options: {a: b}}\n"),
			`unserved slos[0].sli.plugin: the query comes from Sloth's plugin "my/own", which is Go code that is not run here`,
			"error slos[0].sli.plugin: the query comes from Sloth's plugin",
		},
		"no total":       {changed(t, "        total_query: all[{{.window}}]\n", ""), "error slos[0].sli.events.total_query: is missing", ""},
		"empty error":    {changed(t, "bad[{{.window}}]", `""`), "error slos[0].sli.events.error_query: is empty", ""},
		"the same":       {changed(t, "bad[", "all["), "error slos[0].sli.events.error_query: is the same as total", ""},
		"no window":      {changed(t, "bad[{{.window}}]", "bad[5m]"), "warning slos[0].sli.events.error_query: does not contain {{.window}}", "error slos[0].sli.events.error_query: does not contain"},
		"odd spacing":    {changed(t, "bad[{{.window}}]", `"bad[{{\t.window}}]"`), "warning slos[0].sli.events.error_query: writes {{.window}} in a way", "error slos[0].sli.events.error_query"},
		"open template":  {changed(t, "bad[{{.window}}]", "bad[{{.window"), "error slos[0].sli.events.error_query: is not a template: 1: unclosed action", ""},
		"other variable": {changed(t, "bad[{{.window}}]", "bad[{{.range}}]"), "error slos[0].sli.events.error_query: has {{.range}}, and only {{.window}} is defined", ""},
		"template code":  {changed(t, "bad[{{.window}}]", "bad[{{if .window}}1m{{end}}]"), "error slos[0].sli.events.error_query: has {{if .window}}1m{{end}}", ""},
		"piped":          {changed(t, "bad[{{.window}}]", "bad[{{.window | print}}]"), "error slos[0].sli.events.error_query: has {{.window | print}}", ""},
		"no alert name":  {changed(t, "      name: Fails", "      labels: {a: b}"), "warning slos[0].alerting.name: is missing: alerts are called ErrorBudgetBurn", "error slos[0].alerting.name"},
		"no alerting":    {changed(t, "    alerting:\n      name: Fails\n", ""), "warning slos[0].alerting.name: is missing", "error slos[0].alerting.name"},
		"empty label":    {changed(t, "    objective", "    labels: {a: ''}\n    objective"), "warning slos[0].labels.a: is empty", "error slos[0].labels.a: is empty"},
		"list label":     {changed(t, "    objective", "    labels: {a: [2]}\n    objective"), "error slos[0].labels.a: must be a string, not a list", ""},
		"service label":  {changed(t, "service: shop", "service: shop\nlabels: {__a: b}"), "error labels.__a: label \"__a\" is internal", ""},
		"empty title":    {changed(t, "      name: Fails", "      name: Fails\n      page_alert: {annotations: {title: ''}}"), "warning slos[0].alerting.page_alert.annotations.title: is empty", "error slos[0].alerting.page_alert.annotations.title: is empty"},
		"page label":     {changed(t, "      name: Fails", "      name: Fails\n      page_alert: {labels: {__a: b}}"), "error slos[0].alerting.page_alert.labels.__a: label", ""},
		"plugins": {
			changed(t, "service: shop", "service: shop\nslo_plugins: {chain: [{id: my/own, config: {a: [1]}, priority: -5}]}"),
			`warning slo_plugins.chain[0]: Sloth's plugin "my/own" is Go code`, "warning slo_plugins.chain[0]",
		},
		"known plugin":  {changed(t, "    objective", "    plugins: {chain: [{id: sloth.dev/contrib/info_labels/v1}]}\n    objective"), `warning slos[0].plugins.chain[0]: Sloth's plugin "sloth.dev/contrib/info_labels/v1" is not run here`, "warning slos[0].plugins"},
		"quiet plugin":  {changed(t, "    objective", "    plugins: {chain: [{id: sloth.dev/core/debug/v1}]}\n    objective"), "", ""},
		"no plugin id":  {changed(t, "    objective", "    plugins: {chain: [{priority: 1}]}\n    objective"), "warning slos[0].plugins.chain[0].id: is missing", "error slos[0].plugins.chain[0].id"},
		"override":      {changed(t, "    objective", "    plugins: {overridePrevious: true, chain: [{id: sloth.dev/core/noop/v1}]}\n    objective"), "warning slos[0].plugins.overridePrevious: plugins are not run", "warning slos[0].plugins.overridePrevious"},
		"override none": {changed(t, "    objective", "    plugins: {overridePrevious: true}\n    objective"), "warning slos[0].plugins.overridePrevious: leaves no plugin", "error slos[0].plugins.overridePrevious"},
	} {
		if test.strict == "" {
			test.strict = test.lenient
		}
		for _, mode := range []struct {
			strict bool
			want   string
		}{{false, test.lenient}, {true, test.strict}} {
			specs, problems := load(Options{Strict: mode.strict}, test.text)
			if found := lines(problems); !saysOnly(found, mode.want) {
				t.Errorf("%s (strict %t): %q, want %q", name, mode.strict, found, mode.want)
			}
			if quarantined := strings.HasPrefix(mode.want, "error") || strings.HasPrefix(mode.want, "unserved"); quarantined == (len(specs) > 0) {
				t.Errorf("%s (strict %t): %d specs", name, mode.strict, len(specs))
			}
		}
	}
}

// saysOnly reports whether one problem begins as wanted, after its line, and
// there is no other. Nothing wanted is no problem.
func saysOnly(found []string, want string) bool {
	if want == "" {
		return len(found) == 0
	}
	if len(found) != 1 {
		return false
	}
	_, rest, _ := strings.Cut(found[0], " ")
	return strings.HasPrefix(rest, want)
}

// TestNeighboursStay: a faulty document takes nothing away from another.
func TestNeighboursStay(t *testing.T) {
	specs, problems := load(Options{}, changed(t, "99.9", "100")+"---\n"+strings.Replace(minimal, "name: pay", "name: other", 1))
	if len(specs) != 1 || specs[0].Name != "other" || len(problems) != 1 || problems[0].SLO != "shop:pay" || problems[0].Line != 5 {
		t.Errorf("%v, %v", specs, lines(problems))
	}
}

func TestTemplates(t *testing.T) {
	for written, want := range map[string]string{
		"a[{{.window}}]\n":              "a[{{.window}}]\n",
		"a[{{   .window }}]":            "a[{{   .window }}]",
		"a":                             "a",
		"":                              "",
		"a[ {{- .window -}} ]":          "a[{{.window}}]",
		"{{/* why */}}a[{{ .window }}]": "a[{{.window}}]",
		"a[{{\n.window\n}}]":            "a[{{.window}}]",
	} {
		if got, err := readTemplate(written); err != nil || got != want {
			t.Errorf("%q becomes %q (%v), want %q", written, got, err, want)
		}
	}
}

func TestResourceProblems(t *testing.T) {
	text := strings.NewReplacer("errorQuery:", "errorQuery2:", "95.50", "100").Replace(goodResource)
	_, problems := load(Options{}, text)
	want := []string{
		`13 error spec.slos[0].sli.events.errorQuery: is missing; write a query of bad events, such as sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))`,
		`14 warning spec.slos[0].sli.events.errorQuery2: unknown field; did you mean "errorQuery"?`,
		`21 warning spec.slos[0].alerting.pageAlert.labels.severity: label "severity" is one that the engine sets itself; where both meet the engine's counts, and /metrics/slo shows yours as label_severity`,
		`25 error spec.slos[1].objective: an objective of 100% or more leaves no error budget to burn; write a percentage above 0 and below 100, such as 99.9`,
	}
	got := lines(problems)
	for i := range got {
		got[i] = strings.TrimSpace(got[i])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
