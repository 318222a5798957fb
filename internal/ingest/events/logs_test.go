package events

import (
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestLogsAreGoodBadOrIgnored(t *testing.T) {
	paid := map[string]any{"event": "payment"}
	records := []aLog{
		{severity: plog.SeverityNumberInfo, body: "payment of 3 done", at: 1, attributes: paid},
		{severity: plog.SeverityNumberError3, body: "payment refused", at: 2, attributes: paid},
		{text: "warning", body: "slow payment", at: 3, attributes: paid},
		{text: "CRITICAL", body: "out of memory", at: 4},
		{body: "GET /health", at: 5},
		{service: "till", text: "Error2", body: "no paper", at: 6, change: func(l plog.LogRecord) {
			l.SetObservedTimestamp(l.Timestamp())
			l.SetTimestamp(0)
			l.SetEventName("printer.jam")
		}},
	}
	least := func(word string) slo.LogSelection { return slo.LogSelection{Severity: word} }
	cases := map[string]struct {
		logs    slo.Logs
		groupBy []string
		want    map[string]counted
	}{
		"severity":         {slo.Logs{Service: "shop", Bad: least("error")}, nil, map[string]counted{"a": {2, 5}}},
		"any service":      {slo.Logs{Bad: least("warn")}, nil, map[string]counted{"a": {4, 6}}},
		"fatal":            {slo.Logs{Bad: least("fatal")}, nil, map[string]counted{"a": {1, 6}}},
		"none is bad":      {slo.Logs{Service: "shop"}, nil, map[string]counted{"a": {0, 5}}},
		"no severity":      {slo.Logs{Of: least("trace"), Bad: least("info")}, nil, map[string]counted{"a": {5, 5}}},
		"body":             {slo.Logs{Of: slo.LogSelection{Body: "payment"}, Bad: slo.LogSelection{Body: "refused$"}}, nil, map[string]counted{"a": {1, 3}}},
		"attributes":       {slo.Logs{Of: slo.LogSelection{Attributes: []string{`event="payment"`}}, Bad: least("error")}, nil, map[string]counted{"a": {1, 3}}},
		"all that is said": {slo.Logs{Bad: slo.LogSelection{Severity: "error", Attributes: []string{`event="payment"`}, Body: "refused"}}, nil, map[string]counted{"a": {1, 6}}},
		"ignored":          {slo.Logs{Service: "shop", Bad: least("error"), Ignore: slo.LogSelection{Body: "/health"}}, nil, map[string]counted{"a": {2, 4}}},
		"own names":        {slo.Logs{Of: slo.LogSelection{Attributes: []string{`event.name="printer.jam"`, `severity_text="Error2"`, `severity.number="18"`}}}, nil, map[string]counted{"a": {0, 1}}},
		"groups": {slo.Logs{Service: "shop", Bad: least("error")}, []string{"severity.text"}, map[string]counted{
			"a severity.text=INFO": {0, 1}, "a severity.text=ERROR3": {1, 1}, "a severity.text=warning": {0, 1}, "a severity.text=CRITICAL": {1, 1}, "a severity.text=": {0, 1},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, spec("a", slo.SLI{Logs: &c.logs}, c.groupBy...))
			if o := w.log(records...); o.Accepted != len(records) || o.Why != "" {
				t.Errorf("outcome %+v", o)
			}
			w.want(c.want)
		})
	}
}

func TestLogsAsMetrics(t *testing.T) {
	w := newWorld(t,
		ratio("text", sli.LogRecords+`{service_name="shop",severity_text=~"ERROR.*"}`, sli.LogRecords+`{service_name="shop"}`),
		ratio("number", sli.LogRecords+`{severity_number=~"1[7-9]|2."}`, sli.LogRecords, "event"),
	)
	w.log(
		aLog{severity: plog.SeverityNumberError, at: 1, attributes: map[string]any{"event": "payment"}},
		aLog{severity: plog.SeverityNumberInfo, text: "INFO", at: 1, attributes: map[string]any{"event": "payment"}},
		aLog{service: "till", text: "fatal", at: 1},
	)
	w.want(map[string]counted{"text": {1, 2}, "number event=payment": {1, 2}, "number event=": {1, 1}})
}

// A record tells its trace where it is bad.
func TestTracesOfLogs(t *testing.T) {
	w := newWorld(t, spec("a", slo.SLI{Logs: &slo.Logs{Service: "shop", Bad: slo.LogSelection{Severity: "error"}}}))
	in := func(id byte) func(plog.LogRecord) {
		return func(l plog.LogRecord) { l.SetTraceID([16]byte{id}) }
	}
	w.log(aLog{severity: plog.SeverityNumberError, at: 1, change: in(1)}, aLog{severity: plog.SeverityNumberInfo, at: 1, change: in(2)})
	if got := w.instance("a").Traces(); len(got) != 1 || got[0].ID[0] != 1 {
		t.Errorf("traces %v", got)
	}
}

func TestSeverityOf(t *testing.T) {
	for text, want := range map[string]plog.SeverityNumber{
		"": 0, "ERROR": plog.SeverityNumberError, "error4": plog.SeverityNumberError4, "WARN": plog.SeverityNumberWarn, "Warning2": plog.SeverityNumberWarn2,
		"error5": 0, "4": 0, "notice": plog.SeverityNumberInfo2, "crit": plog.SeverityNumberFatal, "a very long word that is none": 0, "TRACE1": plog.SeverityNumberTrace,
	} {
		l := plog.NewLogRecord()
		l.SetSeverityText(text)
		if got := severityOf(l); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
		l.SetSeverityNumber(plog.SeverityNumberDebug)
		if got := severityOf(l); got != plog.SeverityNumberDebug {
			t.Errorf("%q hides the number: %v", text, got)
		}
	}
}
