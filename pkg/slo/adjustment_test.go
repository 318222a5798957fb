package slo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// adjustment reads one that must be sound; when holds the fields that say when.
func adjustment(t testing.TB, when string) *Adjustment {
	t.Helper()
	a, problems := readAdjustment(t, "select: ['service=\"s\"'], reason: because, "+when)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", when, problems)
	}
	return a
}

// readAdjustment reads one whose spec has these fields, beside an SLO that it
// may select.
func readAdjustment(t testing.TB, fields string) (*Adjustment, []Problem) {
	t.Helper()
	specs, problems := Load("a.yaml", []byte(sloForAdjustments+"---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\n"+
		"metadata: {name: a}\nspec: {"+fields+"}\n"))
	if len(specs) != 1 {
		t.Fatalf("the SLO is gone: %v", problems)
	}
	if len(specs[0].Adjustments) == 0 {
		return nil, problems
	}
	return specs[0].Adjustments[0], problems
}

const sloForAdjustments = `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: n, labels: {team: red}}
spec: {service: s, objective: 99%, window: 30d, groupBy: [route], sli: {ratio: {total: a_total, bad: b_total}}}
`

// texts writes spans in UTC, "from/to".
func texts(spans []Span) (list []string) {
	for _, s := range spans {
		list = append(list, s.From.UTC().Format("2006-01-02T15:04")+"/"+s.To.UTC().Format("2006-01-02T15:04"))
	}
	return list
}

func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestSpans(t *testing.T) {
	for _, c := range []struct {
		name, when, from, to string
		want                 []string
	}{
		{"fixed", "from: 2026-03-01T02:00:00Z, to: 2026-03-01T04:00:00+01:00", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-03-01T02:00/2026-03-01T03:00"}},
		{"once by the clock", "start: 2026-07-01T02:00, timeZone: Europe/Berlin, duration: 1h", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-07-01T00:00/2026-07-01T01:00"}},
		{"once in UTC", "start: 2026-07-01T02:00:00Z, duration: 90s", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-07-01T02:00/2026-07-01T02:01"}},
		{"an end is no more asked for, a beginning not yet", "start: 2026-07-01T02:00:00Z, duration: 1h, rrule: FREQ=DAILY",
			"2026-07-02T03:00:00Z", "2026-07-04T02:00:00Z", []string{"2026-07-03T02:00/2026-07-03T03:00"}},
		{"not cut off", "start: 2026-07-01T02:00:00Z, duration: 1h, rrule: FREQ=DAILY",
			"2026-07-02T02:59:59Z", "2026-07-03T02:00:01Z", []string{"2026-07-02T02:00/2026-07-02T03:00", "2026-07-03T02:00/2026-07-03T03:00"}},
		// 2026-03-29: 02:00 → 03:00. 02:30 never comes: two and a half hours
		// after midnight the clocks show 03:30.
		{"spring", "start: 2026-03-01T02:30:00, timeZone: Europe/Berlin, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU",
			"2026-03-20T00:00:00Z", "2026-04-06T00:00:00Z",
			[]string{"2026-03-22T01:30/2026-03-22T02:30", "2026-03-29T01:30/2026-03-29T02:30", "2026-04-05T00:30/2026-04-05T01:30"}},
		// 2026-10-25: 03:00 → 02:00. 02:30 comes twice, and the first is meant.
		{"autumn", "start: 2026-10-18T02:30:00, timeZone: Europe/Berlin, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU",
			"2026-10-17T00:00:00Z", "2026-11-02T00:00:00Z",
			[]string{"2026-10-18T00:30/2026-10-18T01:30", "2026-10-25T00:30/2026-10-25T01:30", "2026-11-01T01:30/2026-11-01T02:30"}},
		{"spring in the west", "start: 2026-03-01T02:30:00, timeZone: America/New_York, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU;COUNT=2",
			"2026-03-01T00:00:00Z", "2026-04-06T00:00:00Z", []string{"2026-03-01T07:30/2026-03-01T08:30", "2026-03-08T07:30/2026-03-08T08:30"}},
		{"autumn in the west", "start: 2026-10-25T01:30:00, timeZone: America/New_York, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU;COUNT=3",
			"2026-03-01T00:00:00Z", "2026-12-06T00:00:00Z", []string{"2026-10-25T05:30/2026-10-25T06:30", "2026-11-01T05:30/2026-11-01T06:30", "2026-11-08T06:30/2026-11-08T07:30"}},
		{"a lost hour makes two into one", "start: 2026-03-28T03:00:00, timeZone: Europe/Berlin, duration: 23h30m, rrule: FREQ=DAILY;COUNT=3",
			"2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z",
			[]string{"2026-03-28T02:00/2026-03-30T00:30", "2026-03-30T01:00/2026-03-31T00:30"}},
		{"the gap puts a time behind the next", "start: 2026-03-29T02:30:00, timeZone: Europe/Berlin, duration: 10m, rrule: 'FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;COUNT=4'",
			"2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z",
			[]string{"2026-03-29T01:00/2026-03-29T01:10", "2026-03-29T01:30/2026-03-29T01:40", "2026-03-30T00:00/2026-03-30T00:10"}},
		{"no such day", "start: 2011-12-29T12:00:00, timeZone: Pacific/Apia, duration: 1h, rrule: FREQ=DAILY;COUNT=3",
			"2011-01-01T00:00:00Z", "2013-01-01T00:00:00Z",
			[]string{"2011-12-29T22:00/2011-12-29T23:00", "2011-12-30T22:00/2011-12-30T23:00"}},
		{"last Friday of each second month", "start: 2026-01-01T22:00:00Z, duration: 2h, rrule: FREQ=MONTHLY;INTERVAL=2;BYDAY=-1FR",
			"2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
			[]string{"2026-01-30T22:00/2026-01-31T00:00", "2026-03-27T22:00/2026-03-28T00:00", "2026-05-29T22:00/2026-05-30T00:00"}},
		{"last working day", "start: 2026-01-01T18:00:00Z, duration: 1h, rrule: 'FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2'",
			"2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2026-01-30T18:00/2026-01-30T19:00", "2026-02-27T18:00/2026-02-27T19:00"}},
		{"leap day", "start: 2024-02-29T00:00:00Z, duration: 1d, rrule: FREQ=YEARLY", "2024-01-01T00:00:00Z", "2033-01-01T00:00:00Z",
			[]string{"2024-02-29T00:00/2024-03-01T00:00", "2028-02-29T00:00/2028-03-01T00:00", "2032-02-29T00:00/2032-03-01T00:00"}},
		{"the 31st", "start: 2026-01-31T00:00:00Z, duration: 1h, rrule: FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
			[]string{"2026-01-31T00:00/2026-01-31T01:00", "2026-03-31T00:00/2026-03-31T01:00", "2026-05-31T00:00/2026-05-31T01:00"}},
		{"until in UTC, of a zone", "start: 2026-01-01T00:30:00, timeZone: Europe/Berlin, duration: 1m, rrule: FREQ=DAILY;UNTIL=20260101T233000Z",
			"2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2025-12-31T23:30/2025-12-31T23:31", "2026-01-01T23:30/2026-01-01T23:31"}},
		{"until by the clock", "start: 2026-01-01T00:30:00, timeZone: Europe/Berlin, duration: 1m, rrule: FREQ=DAILY;UNTIL=20260102T002959",
			"2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2025-12-31T23:30/2025-12-31T23:31"}},
		{"until a date, all of it", "start: 2026-01-01T00:30:00, timeZone: Europe/Berlin, duration: 1m, rrule: 'rrule:freq=daily;until=20260102'",
			"2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", []string{"2025-12-31T23:30/2025-12-31T23:31", "2026-01-01T23:30/2026-01-01T23:31"}},
		{"except", "start: 2026-12-20T02:00:00Z, duration: 1h, rrule: FREQ=WEEKLY;BYDAY=SU;COUNT=3, except: [2026-12-27]",
			"2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z", []string{"2026-12-20T02:00/2026-12-20T03:00", "2027-01-03T02:00/2027-01-03T03:00"}},
		{"hourly", "start: 2026-12-20T01:10:00Z, duration: 5m, rrule: FREQ=HOURLY;INTERVAL=12;COUNT=3", "2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z",
			[]string{"2026-12-20T01:10/2026-12-20T01:15", "2026-12-20T13:10/2026-12-20T13:15", "2026-12-21T01:10/2026-12-21T01:15"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := texts(adjustment(t, c.when).Spans(moment(c.from), moment(c.to)))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("spans (-want +got):\n%s", diff)
			}
		})
	}
}

// However one asks, earlier or later, wide or narrow: the spans are the same.
func TestSpansDoNotDependOnWhatWasAskedBefore(t *testing.T) {
	for _, rule := range []string{"FREQ=WEEKLY;BYDAY=SU,WE;INTERVAL=2", "FREQ=WEEKLY;COUNT=30", "FREQ=WEEKLY;UNTIL=20250601"} {
		when := "start: 2025-01-01T02:30:00, timeZone: Europe/Berlin, duration: 20h, rrule: '" + rule + "'"
		begin := moment("2024-12-20T00:00:00Z")
		all := adjustment(t, when).Spans(begin, begin.Add(1000*day))
		for round := range 20 {
			a := adjustment(t, when)
			for step := range 50 {
				from := begin.Add(time.Duration((step+1)*(step+1)*(round+7)*7919%900) * day / 2)
				likeThese(t, all, a, from, from.Add(time.Duration(step*13%90)*7*time.Hour))
			}
		}
		for i := 1; i < len(all); i++ {
			if !all[i].From.After(all[i-1].To) {
				t.Errorf("%v touches %v", all[i], all[i-1])
			}
		}
	}
}

// likeThese wants spans to be those of all that reach into a stretch of time.
func likeThese(t *testing.T, all []Span, a *Adjustment, from, to time.Time) {
	t.Helper()
	var want []Span
	for _, s := range all {
		if s.To.After(from) && s.From.Before(to) {
			want = append(want, s)
		}
	}
	if diff := cmp.Diff(texts(want), texts(a.Spans(from, to))); diff != "" {
		t.Fatalf("from %s to %s (-want +got):\n%s", from, to, diff)
	}
}

// What is computed in advance may end anywhere, also where a lost hour puts
// occurrences together or out of order.
func TestSpansThatAreComputedInAdvanceAreWhole(t *testing.T) {
	for _, when := range []string{
		"start: 2026-03-20T03:00:00, timeZone: Europe/Berlin, duration: 23h30m, rrule: FREQ=DAILY",
		"start: 2026-03-20T02:30:00, timeZone: Europe/Berlin, duration: 10m, rrule: 'FREQ=DAILY;BYHOUR=2,3;BYMINUTE=10,45;BYSETPOS=2,3'",
	} {
		begin := moment("2026-03-01T00:00:00Z")
		all := adjustment(t, when).Spans(begin, begin.Add(100*day))
		for n := range 4 * 24 * 4 {
			a, to := adjustment(t, when), moment("2026-03-27T00:00:00Z").Add(time.Duration(n)*15*time.Minute-ahead)
			a.Spans(begin, to)
			likeThese(t, all, a, begin, to.Add(ahead))
		}
	}
}

// Spans that were handed out stay what they are while others ask for more.
func TestSpansAreNotChanged(t *testing.T) {
	a := adjustment(t, "start: 2025-01-01T02:30:00Z, duration: 1h, rrule: FREQ=DAILY")
	begin := moment("2025-01-01T00:00:00Z")
	first := a.Spans(begin, begin.Add(50*day))
	before := texts(first)
	done := make(chan bool)
	for n := range 4 {
		go func() {
			for i := range 100 {
				a.Spans(begin.Add(time.Duration(n-i)*day), begin.Add(time.Duration(i*10)*day))
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if diff := cmp.Diff(before, texts(first)); diff != "" {
		t.Error(diff)
	}
}

func TestFaultyAdjustments(t *testing.T) {
	const good = "select: ['service=\"s\"'], reason: because, "
	const weekly = good + "start: 2026-03-01T02:00:00, timeZone: Europe/Berlin, duration: 1h, rrule: "
	for _, c := range []struct{ fields, field, message string }{
		{good + "from: 2026-03-01T02:00:00Z", "spec.to", "is missing"},
		{good + "from: 2026-03-01T02:00:00Z, to: 2026-03-01T02:00:00Z", "spec.to", "is not after from"},
		{good + "from: 2026-03-01T02:00:00Z, to: 2026-05-31T02:00:01Z", "spec.to", "is 91d1s after from"},
		{good + "from: 2026-03-01T02:00:00, to: 2026-03-02T02:00:00Z", "spec.from", `"2026-03-01T02:00:00" has no time zone`},
		{good + "from: 2026-03-01, to: 2026-03-02T02:00:00Z", "spec.from", `"2026-03-01" has no time zone`},
		{good + "from: 2026-03-01T02:00:00.5Z, to: 2026-03-02T02:00:00Z", "spec.from", "not a whole second"},
		{good + "from: soon, to: 2026-03-02T02:00:00Z", "spec.from", `"soon" is not a time`},
		{good + "from: 0026-03-01T02:00:00Z, to: 0026-03-01T03:00:00Z", "spec.from", "not of our time"},
		{good + "from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z, rrule: FREQ=DAILY", "spec.rrule", "stands beside from and to"},
		{good + "from: 2026-03-01T02:00:00Z, duration: 1h", "spec", "has from and to beside start and duration"},
		{good + "rrule: FREQ=DAILY", "spec.from", "is missing"},
		{good + "duration: 1h", "spec.start", "is missing"},
		{good + "start: 2026-03-01T02:00:00Z", "spec.duration", "is missing"},
		{good + "start: 2026-03-01T02:00:00Z, duration: 0s", "spec.duration", "must not be 0"},
		{good + "start: 2026-03-01T02:00:00Z, duration: 1500ms", "spec.duration", "not a whole number of seconds"},
		{good + "start: 2026-03-01T02:00:00Z, duration: 91d", "spec.duration", "91d is more than the 90d allowed"},
		{good + "start: 2026-03-01T02:00:00, duration: 1h", "spec.timeZone", "is missing"},
		{good + "start: 2026-03-01T02:00:00Z, timeZone: Europe/Berlin, duration: 1h", "spec.start", "is of UTC"},
		{good + "start: 2026-03-01T02:00:00+01:00, duration: 1h", "spec.start", "has an offset"},
		{good + "start: 2026-03-01T02:00:00, timeZone: Mars/Base, duration: 1h", "spec.timeZone", "is not a time zone"},
		{good + "start: 2026-03-01T02:00:00Z, duration: 1h, except: [2026-03-01]", "spec.except", "stands without rrule"},
		{weekly + "FREQ=SECONDLY", "spec.rrule", "FREQ=SECONDLY is too often"},
		{weekly + "FREQ=MINUTELY", "spec.rrule", "FREQ=MINUTELY is too often"},
		{weekly + "FREQ=OFTEN", "spec.rrule", "is not a recurrence rule"},
		{weekly + "BYDAY=SU", "spec.rrule", "has no FREQ"},
		{weekly + "weekly", "spec.rrule", "is not a part of a recurrence rule"},
		{weekly + "FREQ=DAILY;FREQ=WEEKLY", "spec.rrule", "has FREQ twice"},
		{weekly + "FREQ=DAILY;DTSTART=20260101T000000Z", "spec.rrule", "has a DTSTART"},
		{weekly + "FREQ=DAILY;BYEASTER=0", "spec.rrule", "not of RFC 5545"},
		{weekly + "FREQ=DAILY;COUNT=3;UNTIL=20270101", "spec.rrule", "has COUNT and UNTIL"},
		{weekly + "FREQ=DAILY;COUNT=0", "spec.rrule", "COUNT must be from 1"},
		{weekly + "FREQ=DAILY;INTERVAL=9223372036854775807", "spec.rrule", "INTERVAL must be from 1"},
		{weekly + "FREQ=DAILY;UNTIL=tomorrow", "spec.rrule", "UNTIL=TOMORROW is not a time"},
		{weekly + "FREQ=DAILY;UNTIL=20200101", "spec.rrule", "never occurs"},
		{weekly + "'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30'", "spec.rrule", "never occurs"},
		{weekly + "FREQ=DAILY;COUNT=1, except: [2026-03-01]", "spec.rrule", "never occurs"},
		{weekly + "FREQ=MONTHLY;BYDAY=-53MO", "spec.rrule", "BYDAY=-53MO never comes"},
		{weekly + "FREQ=WEEKLY;BYDAY=2MO", "spec.rrule", "numbers a weekday"},
		{weekly + "FREQ=HOURLY;INTERVAL=5", "spec.rrule", "divides 24"},
		{weekly + "FREQ=HOURLY;INTERVAL=24;BYHOUR=3", "spec.rrule", "never comes to an hour"},
		{weekly + "'FREQ=HOURLY;BYMINUTE=0,30'", "spec.rrule", "more than 24 times a day"},
		{weekly + "FREQ=HOURLY", "spec.duration", "1h is not shorter than the 1h from one occurrence to the next"},
		{weekly + "FREQ=DAILY;BYMONTH=13", "spec.rrule", "bymonth must be between"},
		{weekly + strings.Repeat("X", 300), "spec.rrule", "more than the 256 allowed"},
		{weekly + "FREQ=WEEKLY, except: [2026-03-02]", "spec.except", "2026-03-02 is not a date on which it would occur"},
		{weekly + "FREQ=WEEKLY, except: [Easter]", "spec.except[0]", "is not a date"},
		{"select: ['service=\"s\"'], reason: ' ', from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.reason", "is empty"},
		{"select: ['service=\"s\"'], from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.reason", "is missing"},
		{"reason: x, from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.select", "is missing"},
		{"select: [], reason: x, from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.select", "selects nothing"},
		{"select: ['service=s='], reason: x, from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.select[0]", "matcher"},
		{"select: ['service=\"s\"'], reason: x, form: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z", "spec.form", "unknown field"},
	} {
		a, problems := readAdjustment(t, c.fields)
		found := slices.ContainsFunc(problems, func(p Problem) bool {
			return p.Severity == Error && p.Field == c.field && strings.Contains(p.Message, c.message) && p.Document == 2 && p.Line > 0
		})
		if a != nil || !found {
			t.Errorf("%s\n  want %s: %s\n  got %v (used: %v)", c.fields, c.field, c.message, problems, a != nil)
		}
		for _, p := range problems {
			if p.Severity == Error && p.Fix == "" {
				t.Errorf("%s: no fix: %s", c.fields, p)
			}
		}
	}
}

func TestAdjustmentsSelect(t *testing.T) {
	const when = "reason: x, from: 2026-03-01T02:00:00Z, to: 2026-03-01T03:00:00Z, select: "
	pay, other := map[string]string{"route": "/pay"}, map[string]string{"route": "/other"}
	for _, c := range []struct {
		matchers        string
		any, pay, other bool
	}{
		{`['service="s"']`, true, true, true},
		{`['slo=~"n|m"', 'team!="blue"']`, true, true, true},
		{`['slo="n", team="blue"']`, false, false, false},
		{`['route="/pay"']`, true, true, false},
		{`['route!="/pay"']`, true, false, true},
		{`['region=""']`, true, true, true},
		{`['region="eu"']`, false, false, false},
		{`['service="s"', 'route="/nowhere"']`, true, false, false},
	} {
		a, problems := readAdjustment(t, when+c.matchers)
		if !c.any {
			if a != nil || len(problems) != 1 || problems[0].Severity != Warning || problems[0].Field != "spec.select" {
				t.Errorf("%s: %v, %v", c.matchers, a, problems)
			}
			continue
		}
		if a == nil || len(problems) > 0 {
			t.Fatalf("%s: %v", c.matchers, problems)
		}
		specs, _ := Load("a.yaml", []byte(sloForAdjustments))
		if got := [2]bool{a.Selects(specs[0], pay), a.Selects(specs[0], other)}; got != [2]bool{c.pay, c.other} {
			t.Errorf("%s selects %v", c.matchers, got)
		}
	}
}

// Two documents of a name: the first counts. Another faulty one is nobody
// else's business.
func TestAdjustmentsByName(t *testing.T) {
	document := func(name, reason, to string) string {
		return fmt.Sprintf("---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: %s}\n"+
			"spec: {select: ['service=\"s\"'], reason: %s, from: 2026-03-01T02:00:00Z, to: %s}\n", name, reason, to)
	}
	specs, problems := Load("a.yaml", []byte(sloForAdjustments+document("b", "one", "2026-03-01T03:00:00Z")+
		document("c", "faulty", "2026-03-01T01:00:00Z")+document("b", "two", "2026-03-01T05:00:00Z")+document("a", "three", "2026-03-01T05:00:00Z")))
	var got []string
	for _, a := range specs[0].Adjustments {
		got = append(got, a.Name+": "+a.String()+" at "+a.Origin.String())
	}
	want := []string{
		`a: 2026-03-01T02:00:00Z to 2026-03-01T05:00:00Z, of {service="s"}: three at a.yaml:21 (document 5)`,
		`b: 2026-03-01T02:00:00Z to 2026-03-01T03:00:00Z, of {service="s"}: one at a.yaml:6 (document 2)`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("adjustments (-want +got):\n%s", diff)
	}
	errors := 0
	for _, p := range problems {
		if p.Severity == Error {
			errors++
		}
	}
	if errors != 2 {
		t.Errorf("problems: %v", problems)
	}
	if all := Adjustments(append(specs, specs...)); len(all) != 2 || all[0].Name != "a" || !all[0].Equal(specs[0].Adjustments[0]) || all[0].Equal(all[1]) {
		t.Errorf("all: %v", all)
	}
}

// What is written is read as the same.
func TestAdjustmentsAreWritten(t *testing.T) {
	text := sloForAdjustments
	for name, when := range map[string]string{
		"fixed": "from: 2026-03-01T02:00:00+05:00, to: 2026-03-01T03:00:00Z",
		"once":  "start: 2026-03-01T02:00, timeZone: Europe/Berlin, duration: 90m",
		"rule":  "start: 2026-03-01T02:00, timeZone: Europe/Berlin, duration: 90m, rrule: 'freq=weekly;byday=SU,MO;until=20261231', except: [2026-03-08, 2026-03-02]",
		"utc":   "start: 2026-03-01T02:00:00Z, duration: 1d12h, rrule: FREQ=MONTHLY;COUNT=3",
	} {
		text += "---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: " + name + "}\n" +
			"spec: {select: ['service=\"s\"', 'team!=\"blue\"'], reason: \"it's: said\", " + when + "}\n"
	}
	specs, problems := Load("a.yaml", []byte(text))
	if len(specs) != 1 || len(specs[0].Adjustments) != 4 || len(problems) > 0 {
		t.Fatal(specs, problems)
	}
	written, err := Encode(specs)
	if err != nil {
		t.Fatal(err)
	}
	again, problems := Load("b.yaml", written)
	if len(again) != 1 || len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, written)
	}
	if diff := cmp.Diff(specs[0].Adjustments, again[0].Adjustments); diff != "" {
		t.Errorf("read again (-was +is):\n%s\n%s", diff, written)
	}
	from := moment("2026-01-01T00:00:00Z")
	for i, a := range specs[0].Adjustments {
		if diff := cmp.Diff(a.Spans(from, from.Add(400*day)), again[0].Adjustments[i].Spans(from, from.Add(400*day))); diff != "" {
			t.Errorf("%s: %s", a.Name, diff)
		}
	}
}

// FuzzRecurrence: a rule is refused or its spans are in order. One that is
// searched for ever is what the fuzzer would find.
func FuzzRecurrence(f *testing.F) {
	for _, rule := range []string{
		"FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYDAY=-1FR;BYSETPOS=1", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO", "FREQ=HOURLY;INTERVAL=24;BYHOUR=3",
		"FREQ=YEARLY;BYYEARDAY=-366;BYMONTH=2,3", "FREQ=DAILY;BYSETPOS=-366;BYHOUR=1,2,3", "FREQ=YEARLY;BYMONTH=2;BYDAY=5MO", "FREQ=WEEKLY;WKST=SU;INTERVAL=2;UNTIL=20260401T000000",
		"FREQ=MONTHLY;BYDAY=5MO;BYMONTH=2;INTERVAL=7", "FREQ=YEARLY;BYWEEKNO=-53;WKST=TH;BYDAY=-53SU",
	} {
		f.Add(rule, uint16(60))
	}
	f.Fuzz(func(t *testing.T, rule string, minutes uint16) {
		text := strings.ReplaceAll(strings.ReplaceAll(rule, "'", ""), "\n", "")
		a, problems := readAdjustment(t, fmt.Sprintf("select: ['service=\"s\"'], reason: x, start: 2020-02-29T02:30:00, timeZone: Europe/Berlin, duration: %dm, rrule: '%s'", minutes, text))
		if a == nil {
			if !AnyError(problems) {
				t.Fatalf("refused without a word: %v", problems)
			}
			return
		}
		from := moment("2026-01-01T00:00:00Z")
		spans := a.Spans(from, from.Add(400*day))
		for i, s := range spans {
			if !s.From.Before(s.To) || !s.To.After(from) || i > 0 && !s.From.After(spans[i-1].To) {
				t.Errorf("%v in %v", s, texts(spans))
			}
		}
	})
}

// What a tick asks of a rule that began ten years ago, and what it takes to
// begin.
func BenchmarkSpans(b *testing.B) {
	now := moment("2026-03-01T12:00:00Z")
	const when = "start: 2016-01-03T02:30:00, timeZone: Europe/Berlin, duration: 1h, rrule: "
	for name, rule := range map[string]string{"weekly": "FREQ=WEEKLY;BYDAY=SU", "hourly": "FREQ=HOURLY;INTERVAL=2"} {
		b.Run("tick/"+name, func(b *testing.B) {
			a := adjustment(b, when+rule)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				at := now.Add(time.Duration(i) * time.Second)
				a.Spans(at.Add(-30*day), at)
			}
		})
		b.Run("first/"+name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				a := adjustment(b, when+rule)
				b.StartTimer()
				a.Spans(now.Add(-30*day), now)
			}
		})
	}
}
