package slo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func policy(name, rest string) string {
	return "apiVersion: slo-engine.dev/v1\nkind: AlertPolicy\nmetadata: {name: " + name + "}\nspec:\n  " + strings.ReplaceAll(rest, "\n", "\n  ") + "\n"
}

func service(name, alerting string) string {
	return "apiVersion: slo-engine.dev/v1\nkind: SLO\nmetadata: {name: works, labels: {team: " + name + "s}}\nspec:\n  service: " + name +
		"\n  objective: 99.9%\n  window: 30d\n  sli: {ratio: {total: a, bad: b}}\n  alerting: {" + alerting + "}\n"
}

// terms are what is said of an SLO's alerts, in short.
func terms(s *Spec) string {
	t := s.Alerting.Terms
	words := []string{s.Service, "by", s.Alerting.Policy}
	for _, tier := range t.Tiers {
		words = append(words, "tier", tier.Name)
	}
	if t.Confidence != nil {
		words = append(words, "confidence", fmt.Sprint(*t.Confidence))
	}
	if t.MinBad != nil {
		words = append(words, "minBad", fmt.Sprint(*t.MinBad))
	}
	if t.NoData.After != 0 {
		words = append(words, "after", t.NoData.After.String())
	}
	if t.NoData.Policy != UsualNoData {
		words = append(words, t.NoData.Policy.String())
	}
	return strings.Join(words, " ")
}

const tier = "tiers: [{name: %s, severity: critical, budget: 2%%, long: 1h, short: 5m}]\n"

// TestPolicies: an SLO's own word counts before that of the policy it names, or
// else the first by name that selects it, key by key.
func TestPolicies(t *testing.T) {
	files := strings.Join([]string{
		policy("b-all", `select: ['service=~".+"']`+"\n"+fmt.Sprintf(tier, "all")+"confidence: 0.9\nminBad: 7\nnoData: {after: 30m, policy: bad}"),
		policy("a-pay", `select: ['team="pays"', 'slo="works"']`+"\n"+"confidence: 0"),
		policy("named", fmt.Sprintf(tier, "named")),
		service("cart", ""),
		service("pay", "minBad: 0, noData: {after: 5m}"),
		service("ship", "policy: named, noData: {policy: freeze}"),
		service("own", fmt.Sprintf(strings.TrimSpace(tier), "mine")+", confidence: 0.5, noData: {policy: ignore}"),
	}, "---\n")
	specs, problems := Load("a.yaml", []byte(files))
	if len(problems) > 0 {
		t.Error(problems)
	}
	var got []string
	for _, s := range specs {
		got = append(got, terms(s))
	}
	want := []string{
		"cart by b-all tier all confidence 0.9 minBad 7 after 30m0s bad",
		"pay by a-pay confidence 0 minBad 0 after 5m0s",
		"ship by named tier named freeze",
		"own by b-all tier mine confidence 0.5 minBad 7 after 30m0s ignore",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	text := readAgain(t, specs)
	if strings.Contains(text, "policy: named") || strings.Contains(text, "AlertPolicy") {
		t.Errorf("what is written does not stand alone:\n%s", text)
	}
}

func TestReadAPolicy(t *testing.T) {
	files := policy("p", `select: ['service="cart"', 'team!~"x.*", slo=~"w.+"']`+`
tiers:
  - {name: page_1, severity: critical, budget: 2%, long: 1h, short: 5m}
  - {name: ticket, severity: warning, factor: 3, long: 1d, short: 2h}
  - {name: note, severity: info, budget: 0.1, long: 3d, short: 6h, shrinks: true}
  - {name: heal, severity: none, factor: 1.5, long: 5m, short: 30s}
confidence: 0.95
minBad: 2.5
noData: {after: 90s, policy: good}`) + "---\n" + service("cart", "")
	specs, problems := Load("a.yaml", []byte(files))
	if len(specs) != 1 || len(problems) > 0 {
		t.Fatal(specs, problems)
	}
	confidence, minBad := 0.95, 2.5
	want := AlertTerms{
		Tiers: []Tier{
			{Name: "page_1", Severity: "critical", Budget: 0.02, Long: time.Hour, Short: 5 * time.Minute, Fixed: true},
			{Name: "ticket", Severity: "warning", Factor: 3, Long: 24 * time.Hour, Short: 2 * time.Hour, Fixed: true},
			{Name: "note", Severity: "info", Budget: 0.1, Long: 72 * time.Hour, Short: 6 * time.Hour},
			{Name: "heal", Factor: 1.5, Long: 5 * time.Minute, Short: 30 * time.Second, Fixed: true},
		},
		Confidence: &confidence, MinBad: &minBad, NoData: NoData{After: 90 * time.Second, Policy: GoodNoData},
	}
	if diff := cmp.Diff(want, specs[0].Alerting.Terms); diff != "" {
		t.Error(diff)
	}
}

// TestAFaultyPolicyCostsNoPage: the SLOs that would go by it go on with what
// else holds, and both sides are told.
func TestAFaultyPolicyCostsNoPage(t *testing.T) {
	faulty := policy("a", `select: ['service=~".+"']`+"\nminBad: -1")
	usual := policy("b", `select: ['service="cart"']`+"\nminBad: 9")
	for name, test := range map[string]struct {
		documents []string
		terms     []string
		problems  []string
	}{
		"selecting": {[]string{faulty, usual, service("cart", ""), service("pay", "")}, []string{"cart by b minBad 9", "pay by "},
			[]string{
				"1 : SLOs go on as if the document were not there: cart:works, pay:works; correct the errors",
				"6 spec.minBad: must be a number of events, at least 0; write 5, or 0 to switch it off",
			}},
		"named": {[]string{faulty, usual, service("cart", "policy: a")}, []string{"cart by b minBad 9"},
			[]string{
				"1 : SLOs go on as if the document were not there: cart:works; correct the errors",
				"6 spec.minBad: must be a number of events, at least 0; write 5, or 0 to switch it off",
				`23 spec.alerting.policy: the AlertPolicy "a", at a.yaml:1 (document 1), is faulty: the SLO goes on without it; correct the AlertPolicy`,
			}},
		"faulty select": {[]string{policy("a", `select: ['service=~"("', 'team="carts"']`+"\nminBad: 1"), service("cart", "")}, []string{"cart by "},
			[]string{`5 spec.select[0]: parse matcher "service=~\"(\"": failed to create matcher: error parsing regexp: missing closing ): ` + "`^(?:()$`" +
				`; write a matcher in quotes, such as 'team="payments"' or 'service=~"check.*"'`}},
		"unreadable": {[]string{"kind: AlertPolicy\nspec: [\n", service("cart", "policy: a, minBad: 3")}, []string{"cart by  minBad 3"},
			[]string{
				"2 : not valid YAML: did not find expected node content",
				`12 spec.alerting.policy: no AlertPolicy is called "a"; correct the documents that cannot be read, where it may be; the SLO goes on without it`,
			}},
		"misspelt": {[]string{usual, service("cart", ""), service("pay", "policy: bb")}, []string{"cart by b minBad 9"},
			[]string{`26 spec.alerting.policy: no AlertPolicy is called "bb"; did you mean "b"?`}},
		"idle": {[]string{policy("a", `select: ['service="crat"']`+"\nminBad: 1"), service("cart", "")}, []string{"cart by "},
			[]string{"5 spec.select: selects no SLO; write matchers that the service, the name (slo) or the labels of an SLO meet, or remove the document"}},
		"one of two": {[]string{faulty, policy("a", `select: ['service="cart"']`+"\nminBad: 4"), service("cart", "policy: a")}, []string{"cart by a minBad 4"},
			[]string{"6 spec.minBad: must be a number of events, at least 0; write 5, or 0 to switch it off"}},
		"twice": {[]string{usual, usual, service("cart", "")}, []string{"cart by b minBad 9"},
			[]string{`10 metadata.name: another AlertPolicy is called "b", at a.yaml:1 (document 1); rename or remove one of them`}},
	} {
		specs, problems := Load("a.yaml", []byte(strings.Join(test.documents, "---\n")))
		var got []string
		for _, s := range specs {
			got = append(got, terms(s))
		}
		if diff := cmp.Diff(test.terms, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff(test.problems, brief(problems)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestManySLOsGoOn(t *testing.T) {
	documents := []string{policy("a", `select: ['slo="works"']`+"\nminBad: -1")}
	for i := range 12 {
		documents = append(documents, service(fmt.Sprintf("s%02d", i), ""))
	}
	specs, problems := Load("a.yaml", []byte(strings.Join(documents, "---\n")))
	if len(specs) != 12 || len(problems) != 2 || !strings.HasSuffix(problems[0].Message, "s08:works, s09:works and 2 more") || problems[0].Severity != Warning {
		t.Errorf("%d specs, %v", len(specs), problems)
	}
}

// TestTermsProblems: the same words, wherever terms stand.
func TestTermsProblems(t *testing.T) {
	one := func(fields string) string {
		return "tiers: [{name: a, severity: critical, budget: 2%, long: 1h, short: 5m}, {" + fields + "}]"
	}
	for text, want := range map[string][]string{
		"tiers: []":     {"tiers: is empty"},
		"tiers: {a: b}": {"tiers: must be a list"},
		one("name: b"):  {"tiers[1].long: is missing", "tiers[1].severity: is missing", "tiers[1].short: is missing"},
		one("severity: info, factor: 1, long: 1h, short: 5m"):                                               {"tiers[1].name: is missing"},
		one("name: a, severity: info, factor: 1, long: 1h, short: 5m"):                                      {`tiers[1].name: "a" is also the name of tiers[0]`},
		one("name: Fast-1, severity: info, factor: 1, long: 1h, short: 5m"):                                 {`tiers[1].name: "Fast-1" is not the name of a tier`},
		one("name: no_data, severity: info, factor: 1, long: 1h, short: 5m"):                                {`tiers[1].name: "no_data" is reserved`},
		one("name: budget, severity: info, factor: 1, long: 1h, short: 5m"):                                 {`tiers[1].name: "budget" is reserved`},
		one("name: b, severity: page, factor: 1, long: 1h, short: 5m"):                                      {`tiers[1].severity: "page" is not a severity; known here: critical, warning, info, none`},
		one("name: b, severity: criticl, factor: 1, long: 1h, short: 5m"):                                   {`tiers[1].severity: "criticl" is not a severity; did you mean "critical"?`},
		one("name: b, severity: info, long: 1h, short: 5m"):                                                 {"tiers[1]: has neither budget nor factor"},
		one("name: b, severity: info, factor: 1, budget: 1%, long: 1h, short: 5m"):                          {"tiers[1]: has both budget and factor"},
		one("name: b, severity: info, budget: 0%, long: 1h, short: 5m"):                                     {`tiers[1].budget: "0%" is not a share of the error budget`},
		one("name: b, severity: info, budget: 101%, long: 1h, short: 5m"):                                   {`tiers[1].budget: "101%" is not a share`},
		one("name: b, severity: info, budget: 2, long: 1h, short: 5m"):                                      {`tiers[1].budget: "2" is not a share`},
		one("name: b, severity: info, factor: 0, long: 1h, short: 5m"):                                      {"tiers[1].factor: must be above 0"},
		one("name: b, severity: info, factor: -1, long: 1h, short: 5m"):                                     {"tiers[1].factor: must be above 0"},
		one("name: b, severity: info, factor: .inf, long: 1h, short: 5m"):                                   {"tiers[1].factor: must be above 0"},
		one("name: b, severity: info, factor: .nan, long: 1h, short: 5m"):                                   {"tiers[1].factor: must be above 0"},
		one("name: b, severity: info, factor: 1, long: 1h, short: 1h"):                                      {"tiers[1].short: 1h is not shorter than long, which is 1h"},
		one("name: b, severity: info, factor: 1, long: 1h500ms, short: 1h"):                                 {"tiers[1].long: 1h500ms is not a whole number of seconds; write 1h1s"},
		one("name: b, severity: info, factor: 1, long: 1h, short: 0s"):                                      {"tiers[1].short: must be at least 1s"},
		one("name: b, severity: info, factor: 1, long: 91d, short: 1h"):                                     {"tiers[1].long: 91d is longer than this version keeps"},
		one("name: b, severity: info, factor: 1, long: 1h, short: 5m, quick: 1m"):                           {"tiers[1].quick: unknown field"},
		"tiers: [" + strings.Repeat("{name: a, severity: info, factor: 1, long: 1h, short: 5m},", 17) + "]": {"tiers: has 17 tiers, more than the 16 allowed"},
		"confidence: 1":            {"confidence: must be at least 0 and below 1"},
		"confidence: -0.1":         {"confidence: must be at least 0 and below 1"},
		"confidence: .nan":         {"confidence: must be at least 0 and below 1"},
		"confidence: 99%":          {"confidence: must be a number"},
		"minBad: .inf":             {"minBad: must be a number of events"},
		"minBad: few":              {"minBad: must be a number, not a string"},
		"noData: {after: 59s}":     {"noData.after: 59s is shorter than the 1m that senders may need"},
		"noData: {after: 0s}":      {"noData.after: must not be 0"},
		"noData: {policy: forget}": {`noData.policy: "forget" is not what a silence can count as; known here: freeze, bad, good, ignore`},
		"noData: {policy: [bad]}":  {"noData.policy: must be a string"},
		"noData: bad":              {"noData: must be a mapping"},
	} {
		for base, document := range map[string]string{"spec.": policy("p", "select: ['service=\"cart\"']\n"+text) + "---\n" + service("cart", ""), "spec.alerting.": service("cart", text)} {
			_, problems := Load("a.yaml", []byte(document))
			problems = slices.DeleteFunc(problems, func(p Problem) bool { return p.Severity == Warning })
			slices.SortFunc(problems, func(a, b Problem) int { return strings.Compare(a.Field, b.Field) })
			if len(problems) != len(want) {
				t.Errorf("%s: %v", document, problems)
				continue
			}
			for i, p := range problems {
				if got := strings.TrimPrefix(p.Field, base) + ": " + p.Message + "; " + p.Fix; !strings.HasPrefix(got, want[i]) {
					t.Errorf("%s: %q, want %q", document, got, want[i])
				}
			}
		}
	}
	for document, want := range map[string]string{
		policy("p", "{}"):                  "spec: says nothing about alerts",
		policy("p", "select: service=a"):   "spec.select: must be a list",
		policy("p", "select: [5]"):         "spec.select[0]: must be a string",
		policy("p", "select: ['']"):        "spec.select[0]: there is no matcher",
		policy("p", "select: ['service']"): `spec.select[0]: parse matcher "service"`,
		policy("'a b'", "minBad: 1"):       `metadata.name: "a b" is not a name`,
	} {
		_, problems := Load("a.yaml", []byte(document))
		if len(problems) == 0 || !strings.HasPrefix(problems[0].Field+": "+problems[0].Message, want) || problems[0].Severity != Error {
			t.Errorf("%s: %v, want %s", document, problems, want)
		}
	}
}

func TestMatchers(t *testing.T) {
	s := &Spec{Service: "cart", Name: "works", Labels: map[string]string{"team": "a", "service": "other", "grüße": "ja"}}
	for text, want := range map[string]bool{
		`service="cart"`: true, `service="other"`: false, `slo=works`: true, `team=~"a|b"`: true, `team=~"a|b",slo!="works"`: false,
		`nobody=""`: true, `nobody!=""`: false, `route="/pay"`: true, `"grüße"="ja"`: true, `{team!~"a.+"}`: true,
	} {
		m, err := ParseMatchers(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := m.Match(s.Matchable(map[string]string{"route": "/pay"})); got != want {
			t.Errorf("%s: %v", text, got)
		}
		if again, err := ParseMatchers(m.String()); err != nil || again.String() != m.String() {
			t.Errorf("%s is written as %s: %v", text, m, err)
		}
	}
}
