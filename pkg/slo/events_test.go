package slo

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// eventsWith is goodRatio with another SLI, from line 10 on, and without groups.
func eventsWith(sli string) string {
	return goodRatio[:strings.Index(goodRatio, "    ratio:")] + indented(sli, "    ")
}

func indented(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by) + "\n"
}

func TestLoadEvents(t *testing.T) {
	for name, test := range map[string]struct {
		sli  string
		want SLI
	}{
		"spans": {`
spans:
  service: checkout
  name: POST /pay
  kind: server
  attributes: ['http.route="/pay"', '"cloud.region"=~"eu-.*", http_scheme!=""']
  bad: ['http.response.status_code=~"5.."']
  ignore: ['http.response.status_code=~"4.."']
  slowerThan: 300ms`,
			SLI{Spans: &Spans{
				Service: "checkout", Name: "POST /pay", Kind: "server",
				Attributes: []string{`http.route="/pay"`, `"cloud.region"=~"eu-.*", http_scheme!=""`},
				Bad:        []string{`http.response.status_code=~"5.."`}, Ignore: []string{`http.response.status_code=~"4.."`},
				SlowerThan: 300 * time.Millisecond,
			}}},
		"spans of a service": {`spans: {service: checkout, bad: []}`, SLI{Spans: &Spans{Service: "checkout"}}},
		"spans by name":      {`spans: {name: POST /pay}`, SLI{Spans: &Spans{Name: "POST /pay"}}},
		"spans by attribute": {`spans: {attributes: ['http.route="/pay"', 'team!="x"']}`, SLI{Spans: &Spans{Attributes: []string{`http.route="/pay"`, `team!="x"`}}}},
		"a kind as OpenTelemetry writes it": {`spans: {service: a, kind: SPAN_KIND_CONSUMER, slowerThan: 250us}`,
			SLI{Spans: &Spans{Service: "a", Kind: "consumer", SlowerThan: 250 * time.Microsecond}}},
		"status codes": {`spans: {service: a, bad: ['status.code="STATUS_CODE_ERROR"'], ignore: ['status.code="UNSET"', 'status.code!~"O.*"', 'span.kind!="SPAN_KIND_CLIENT", span.kind!="client"']}`,
			SLI{Spans: &Spans{Service: "a", Bad: []string{`status.code="STATUS_CODE_ERROR"`}, Ignore: []string{`status.code="UNSET"`, `status.code!~"O.*"`, `span.kind!="SPAN_KIND_CLIENT", span.kind!="client"`}}}},
		"logs": {`
logs:
  service: checkout
  of: {attributes: ['event.name="order"'], body: 'order .* placed|failed', severity: info}
  bad: {severity: ERROR}
  ignore: {body: 'health check'}`,
			SLI{Logs: &Logs{
				Service: "checkout",
				Of:      LogSelection{Severity: "info", Attributes: []string{`event.name="order"`}, Body: "order .* placed|failed"},
				Bad:     LogSelection{Severity: "error"}, Ignore: LogSelection{Body: "health check"},
			}}},
		"logs of everything that says something": {`logs: {of: {severity: info}, bad: {severity: info, body: failed}}`,
			SLI{Logs: &Logs{Of: LogSelection{Severity: "info"}, Bad: LogSelection{Severity: "info", Body: "failed"}}}},
		"promql": {`promql: {total: 'sum(increase(a[{{.window}}]))', bad: 'sum(increase(b[{{.window}}]))', step: 30s}`,
			SLI{Query: &Query{Language: PromQL, Step: 30 * time.Second, Ratio: Ratio{Total: `sum(increase(a[{{.window}}]))`, Bad: `sum(increase(b[{{.window}}]))`}}}},
		"a ready ratio": {`promql: {errorRatio: job:errors:ratio5m}`, SLI{Query: &Query{Language: PromQL, Step: time.Minute, Ratio: Ratio{ErrorRatio: `job:errors:ratio5m`}}}},
		"logql": {`logql: {total: 'sum(count_over_time({app="checkout"}[{{.window}}]))', good: 'sum(count_over_time({app="checkout"} != "error" [1m]))'}`,
			SLI{Query: &Query{Language: LogQL, Step: time.Minute, Ratio: Ratio{
				Total: `sum(count_over_time({app="checkout"}[{{.window}}]))`, Good: `sum(count_over_time({app="checkout"} != "error" [1m]))`}}}},
	} {
		t.Run(name, func(t *testing.T) {
			specs, problems := Load("a.yaml", []byte(eventsWith(test.sli)))
			if len(problems) > 0 || len(specs) != 1 {
				t.Fatalf("%d specs, problems %v", len(specs), problems)
			}
			if diff := cmp.Diff(test.want, specs[0].SLI); diff != "" {
				t.Error(diff)
			}
			readAgain(t, specs)
		})
	}
}

// TestEventProblems states the path, message and fix of each problem of an SLI.
func TestEventProblems(t *testing.T) {
	many := strings.Repeat(`'a="b"', `, MaxMatchers) + `'a="b", c="d"'`
	long := strings.Repeat("x", MaxPatternBytes+1)
	nearlyAllSpans := `10 spec.sli.spans: selects nearly all spans there are; write service, name, or attributes that a span must have, such as ['http.route="/pay"']`
	nearlyAllLogs := "10 spec.sli.logs: selects nearly all log records there are; write service, or of: with what a record must have: severity, attributes or body"
	matcher := `write a matcher in quotes, such as 'http.route="/pay"' or 'http.response.status_code=~"5.."'`
	for name, test := range map[string]struct {
		sli  string
		want []string
	}{
		"no spans":          {`spans: {}`, []string{nearlyAllSpans}},
		"a kind of all":     {`spans: {kind: server}`, []string{nearlyAllSpans}},
		"what is not there": {`spans: {attributes: ['http.route!="/health"', 'team=~".*"'], bad: ['a="b"']}`, []string{nearlyAllSpans}},
		"kind":              {`spans: {service: a, kind: servr}`, []string{`10 spec.sli.spans.kind: "servr" is not a kind of span; did you mean "server"?`}},
		"field":             {`spans: {service: a, slower_than: 1s}`, []string{`10 spec.sli.spans.slower_than: unknown field; did you mean "slowerThan"?`}},
		"no matcher":        {`spans: {service: a, attributes: ['']}`, []string{"10 spec.sli.spans.attributes[0]: there is no matcher; " + matcher}},
		"no quotes":         {`spans: {attributes: ['a="b']}`, []string{`10 spec.sli.spans.attributes[0]: parse matcher "a=\"b": 2:4: "b: missing end ": expected label value; ` + matcher}},
		"regexp":            {`spans: {service: a, bad: ['a="b"', 'a=~"("']}`, []string{"10 spec.sli.spans.bad[1]: parse matcher \"a=~\\\"(\\\"\": failed to create matcher: error parsing regexp: missing closing ): `^(?:()$`; " + matcher}},
		"status":            {`spans: {service: a, bad: ['status.code="error"']}`, []string{`10 spec.sli.spans.bad[0]: no span has the status.code "error"; did you mean "ERROR"?`}},
		"kind of a matcher": {`spans: {service: a, ignore: ['span.kind="SERVER"']}`, []string{`10 spec.sli.spans.ignore[0]: no span has the span.kind "SERVER"; did you mean "server"?`}},
		"many":              {`spans: {service: a, ignore: [` + many + `]}`, []string{"10 spec.sli.spans.ignore: has 34 matchers, more than the 32 allowed; write a regular expression in place of several"}},
		"long":              {`spans: {service: a, ignore: ['a="` + long + `"']}`, []string{"10 spec.sli.spans.ignore[0]: has 1029 bytes, more than the 1024 allowed; shorten it"}},
		"costly":            {`spans: {service: a, ignore: ['a=~"([a-z]bcdefgh){990}"']}`, []string{`10 spec.sli.spans.ignore[0]: "([a-z]bcdefgh){990}" is too costly to be asked of each event; repeat less: {1000} is a thousand copies`}},
		"all bad":           {`spans: {attributes: ['a="b"'], bad: ['a="b"']}`, []string{"10 spec.sli.spans.bad: is the same as attributes: everything would be bad; select the bad spans only"}},
		"nothing left":      {`spans: {attributes: ['a="b"'], ignore: ['a="b"']}`, []string{"10 spec.sli.spans.ignore: is the same as attributes: nothing would be left to count; select what is no event"}},
		"slower than 0":     {`spans: {service: a, slowerThan: 0s}`, []string{"10 spec.sli.spans.slowerThan: must be above 0; write a duration such as 300ms, or remove it"}},
		"slower than what":  {`spans: {service: a, slowerThan: 300}`, []string{"10 spec.sli.spans.slowerThan: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"}},
		"no logs":           {`logs: {bad: {severity: error}}`, []string{nearlyAllLogs}},
		"any body":          {`logs: {of: {body: '.*'}, bad: {severity: error}}`, []string{nearlyAllLogs}},
		"bad is missing":    {`logs: {service: a}`, []string{"10 spec.sli.logs.bad: is missing; write what bad records have, such as bad: {severity: error}"}},
		"bad is any body":   {`logs: {service: a, bad: {body: '.*'}}`, []string{"10 spec.sli.logs.bad.body: matches every record: everything would be bad; write what only bad records say"}},
		"bad is less":       {`logs: {service: a, of: {severity: error, body: x}, bad: {severity: warn}}`, []string{"10 spec.sli.logs.bad: selects all that of does: everything would be bad; select the bad records only"}},
		"bad is of":         {`logs: {of: {body: x}, bad: {body: x}}`, []string{"10 spec.sli.logs.bad: selects all that of does: everything would be bad; select the bad records only"}},
		"all ignored":       {`logs: {of: {body: x}, bad: {body: y}, ignore: {body: x}}`, []string{"10 spec.sli.logs.ignore: is the same as of: nothing would be left to count; select what is no event"}},
		"severity":          {`logs: {service: a, bad: {severity: eror}}`, []string{`10 spec.sli.logs.bad.severity: "eror" is not a severity; did you mean "error"?`}},
		"critical": {`logs: {service: a, bad: {severity: critical}}`,
			[]string{`10 spec.sli.logs.bad.severity: "critical" is not a severity; known here: trace, debug, info, warn, error, fatal`}},
		"body":        {`logs: {service: a, bad: {body: '('}}`, []string{"10 spec.sli.logs.bad.body: \"(\" is not a regular expression: error parsing regexp: missing closing ): `(`; write RE2 syntax, such as 'order .* failed'"}},
		"costly body": {`logs: {service: a, bad: {body: '([a-z]bcdefgh){990}'}}`, []string{`10 spec.sli.logs.bad.body: "([a-z]bcdefgh){990}" is too costly to be asked of each event; repeat less: {1000} is a thousand copies`}},
		"long body":   {`logs: {service: a, bad: {body: ` + long + `}}`, []string{"10 spec.sli.logs.bad.body: has 1025 bytes, more than the 1024 allowed; shorten it"}},
		"no query": {`promql: {}`, []string{
			"10 spec.sli.promql: has neither good nor bad; write bad: with a query for the number of bad events, or good: with one of good events",
			"10 spec.sli.promql.total: is missing; write a query for the number of all events, such as sum(increase(http_requests_total[{{.window}}]))"}},
		"only a query":    {`promql: up`, []string{"10 spec.sli.promql: must be a mapping of fields, not a string"}},
		"good and bad":    {`logql: {total: a, good: b, bad: c}`, []string{"10 spec.sli.logql: has both good and bad; keep one of the two"}},
		"ratio and total": {`promql: {total: a, errorRatio: b}`, []string{"10 spec.sli.promql: has errorRatio beside total, good or bad; keep errorRatio alone, or total with good or bad"}},
		"empty":           {`logql: {total: a, bad: ''}`, []string{"10 spec.sli.logql.bad: is empty; write a query, or remove it"}},
		"blank":           {`logql: {errorRatio: ' '}`, []string{"10 spec.sli.logql.errorRatio: is empty; write an expression"}},
		"short step":      {`promql: {errorRatio: a, step: 5s}`, []string{"10 spec.sli.promql.step: must be between 10s and 1h, not 5s; remove it for the default of 1m"}},
		"long step":       {`promql: {errorRatio: a, step: 61m}`, []string{"10 spec.sli.promql.step: must be between 10s and 1h, not 1h1m; remove it for the default of 1m"}},
		"step 0":          {`logql: {errorRatio: a, step: 0s}`, []string{"10 spec.sli.logql.step: must be at least 10s; remove it for the default of 1m"}},
		"step fraction":   {`logql: {errorRatio: a, step: 10s500ms}`, []string{"10 spec.sli.logql.step: 10s500ms is not a whole number of seconds; write 11s"}},
		"two languages":   {"promql: {errorRatio: a}\nlogql: {errorRatio: a}", []string{"9 spec.sli: has promql and logql; keep one of them; write an SLO for each other"}},
		"two kinds":       {"spans: {service: a}\npromql: {errorRatio: a}", []string{"9 spec.sli: has spans and promql; keep one of them; write an SLO for each other"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Load("a.yaml", []byte(eventsWith(test.sli)))
			if diff := cmp.Diff(test.want, brief(problems)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// problemsOf are those of a valid Spec with a change.
func problemsOf(t *testing.T, change func(*Spec)) []string {
	t.Helper()
	s := validSpec(t)
	change(s)
	return brief(Validate(s))
}

func TestStepFitsTheRest(t *testing.T) {
	asked := func(step time.Duration) SLI {
		return SLI{Query: &Query{Language: PromQL, Ratio: Ratio{ErrorRatio: "a"}, Step: step}}
	}
	for want, change := range map[string]func(*Spec){
		"0 spec.sli.promql.step: 1m is longer than a tenth of the window of 5m; write at most 30s": func(s *Spec) {
			s.Window, s.SLI = Window{Rolling: 5 * time.Minute}, asked(time.Minute)
		},
		"0 spec.sli.promql.step: 10m is longer than a tenth of the window of 1h; write at most 6m": func(s *Spec) {
			s.Also, s.SLI = []Window{{Rolling: time.Hour}}, asked(10*time.Minute)
		},
		"0 spec.budgeting.slice: 10s is shorter than the step of 1m: most slices would see no answer; write at least 1m, or a shorter step": func(s *Spec) {
			s.Budgeting, s.SLI = Budgeting{Method: RatioTimeslices, Slice: 10 * time.Second}, asked(time.Minute)
		},
		`0 spec.sli: "sql" is not a language of queries; write promql or logql`: func(s *Spec) {
			s.SLI = asked(time.Minute)
			s.SLI.Query.Language = "sql"
		},
		"": func(s *Spec) {
			s.Window, s.SLI = Window{Rolling: 5 * time.Minute}, asked(30*time.Second)
			s.Budgeting = Budgeting{Method: RatioTimeslices, Slice: 30 * time.Second}
		},
	} {
		if got := strings.Join(problemsOf(t, change), "\n"); got != want {
			t.Errorf("problems %q, want %q", got, want)
		}
	}
}

func TestSourceOfEvents(t *testing.T) {
	for kind, sli := range map[string]SLI{
		"spans": {Spans: &Spans{Service: "a"}},
		"logs":  {Logs: &Logs{Service: "a", Bad: LogSelection{Severity: "error"}}},
	} {
		want := fmt.Sprintf("0 spec.source: is of no use to spec.sli.%s: they are counted as they come in; remove it", kind)
		if diff := cmp.Diff([]string{want}, problemsOf(t, func(s *Spec) { s.SLI, s.Source = sli, "main" })); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
	query := SLI{Query: &Query{Language: LogQL, Ratio: Ratio{ErrorRatio: "a"}, Step: time.Minute}}
	if got := problemsOf(t, func(s *Spec) { s.SLI, s.Source = query, "loki" }); len(got) > 0 {
		t.Error(got)
	}
}

// A range that is not the step counts events again, and is used all the same.
func TestRangesBesideTheStep(t *testing.T) {
	warned := func(text string) []string {
		_, problems := Load("a.yaml", []byte(eventsWith("promql: {total: '"+text+"', bad: b}")))
		for _, p := range problems {
			if p.Severity != Warning || p.Field != "spec.sli.promql.total" {
				t.Errorf("%s: %+v", text, p)
			}
		}
		return brief(problems)
	}
	const want = "10 spec.sli.promql.total: looks back over 5m, and is asked every 1m: events are counted more than once, or not at all; write [{{.window}}], which is the step"
	for _, text := range []string{`increase(x[5m])`, `increase(x[1m]) + increase(y[ 5m ])`, `sum_over_time(x[5m:10s])`} {
		if diff := cmp.Diff([]string{want}, warned(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{`increase(x[1m])`, `increase(x[60s])`, `increase(x[{{ .window }}])`, `x{code=~"[45].."}`, `sum(rate(x[5m]))`, `x`} {
		if got := warned(text); len(got) > 0 {
			t.Errorf("%s: %v", text, got)
		}
	}
}
