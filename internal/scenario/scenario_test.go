package scenario

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const shop = `slo
  apiVersion: slo-engine.dev/v1
  kind: SLO
  metadata: {name: availability}
  spec:
    service: shop
    objective: 99%
    window: 30d
    sli: {ratio: {total: requests_total, bad: 'requests_total{code=~"5.."}'}}
`

// read understands a scenario of the shop.
func read(t *testing.T, text string) *Scenario {
	t.Helper()
	s, err := Parse("shop.slotest", shop+text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// play returns what became of a scenario of the shop.
func play(t *testing.T, text string) *Result {
	t.Helper()
	r, err := read(t, text).Play(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wrong are the expectations that did not hold, as "line: what was found".
func wrong(r *Result) (list []string) {
	for _, f := range r.Failures {
		list = append(list, f.Expected+": "+f.Got)
	}
	return list
}

func TestExpectationsHold(t *testing.T) {
	r := play(t, `
load 15s
  requests_total{code="200"}  0+90x40
  requests_total{code="500"}  _ 10+10x39

at 1m expect bad 40 good 360 total 400
at 10m
  expect good 3600 total 4000 in 30d
  expect bad 200 total 2000 in 5m
  expect burn 5m 10
  expect burn 5m >= 10
  expect burn 1h 10 +- 0.1
  expect burn 30s < 11
  expect coverage 1 in 5m
  expect coverage 0.000231 ± 1e-6
  expect budget remaining 0.998 ± 0.0005
  expect budget remaining > 99%
  expect exhaustion 2d23h ± 2h
  expect state ok
  expect no notices
  expect no alerts
  expect alert page_fast not firing
expect shop:availability never fired critical
expect fired heal 0 times
`)
	if diff := cmp.Diff([]string(nil), wrong(r)); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

func TestExpectationsFail(t *testing.T) {
	r := play(t, `
load 15s
  requests_total{code="200"}  0+0x100
  requests_total{code="500"}  0+100x100

at 0s expect state ok
at 0s expect burn 5m 0
at 20m
  expect bad 8001
  expect bad 8000 total 8000 in 7m
  expect burn 5m < 100
  expect burn 7m 1
  expect coverage 1
  expect budget remaining unknown
  expect exhaustion never
  expect exhaustion > 5h
  expect state ok
  expect notice multiple_writers
  expect no alerts
  expect alert page_fast not firing
  expect alert ticket_slow firing
  expect pending heal
  expect never fired page_fast
  expect fired page_fast between 1s and 2m
  expect resolved critical once
expect fired heal at 1m30s
`)
	got := wrong(r)
	if len(got) != 19 {
		t.Errorf("%d expectations did not hold, want 19:\n%s", len(got), strings.Join(got, "\n"))
	}
	for _, want := range []string{
		"state ok: state idle", "burn 5m 0: burn 5m unknown", "bad 8001: bad 8000",
		"bad 8000 total 8000 in 7m: no such window; there are 30s, 1m, 5m, 30m, 1h, 2h, 6h, 1d, 3d, 30d",
		"burn 5m < 100: burn 5m 100", "notice multiple_writers: no notices", "pending heal: no tier pending",
		"resolved critical once: critical fired at ",
	} {
		found := false
		for _, g := range got {
			found = found || strings.HasPrefix(g, want)
		}
		if !found {
			t.Errorf("no failure begins with %q:\n%s", want, strings.Join(got, "\n"))
		}
	}
}

// A failure shows where, when, what was wanted and found, and the windows.
func TestFailureIsReadable(t *testing.T) {
	r := play(t, "traffic requests_total rate 10/s errors 50% for 5m\nat 5m expect burn 5m 49\n")
	if len(r.Failures) != 1 {
		t.Fatalf("%d failures", len(r.Failures))
	}
	text := r.Failures[0].String()
	for _, want := range []string{
		"shop.slotest:11: at 5m (2026-01-05T00:05:00Z), shop:availability\n",
		"  - expected  burn 5m 49\n  + got       burn 5m 50\n",
		"    state ok, budget remaining 0.994213, 1500 good of 3000, coverage 0.0001157\n",
		"    WINDOW  BURN  BAD   TOTAL  COVERAGE  TIERS\n",
		"    5m      50    1500  3000   1         heal > 17.28, page_fast > 14.4\n",
		"    heal fired at 1m47s\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}

// A scenario played twice, and read twice, gives the same result.
func TestPlayingIsDeterministic(t *testing.T) {
	const text = "traffic requests_total rate 7/s errors 40% for 20m\ntraffic requests_total rate 7/s for 20m reset\nat 20m expect bad 1\nexpect fired heal once\n"
	s := read(t, text)
	first, _ := s.Play(t.Context())
	second, _ := s.Play(t.Context())
	for _, again := range []*Result{second, play(t, text)} {
		if diff := cmp.Diff(first, again); diff != "" {
			t.Errorf("another time (-first +again):\n%s", diff)
		}
	}
}

func TestFaultsSayWhereAndWhatToDo(t *testing.T) {
	tests := []struct{ text, want string }{
		{"trafic x", `10:1: "trafic" is not a statement; begin it with slo,`},
		{"tick 5s\n  expect no alerts", `11:1: this line is indented, but nothing can stand below it in line 10; begin it in the first column`},
		{"load 15s at 20y\n  requests_total 0+1x5", `10:13: a scenario lasts for ten years at most`},
		{"at 5m expect", `10:13: here an expectation is missing; write expect no alerts`},
		{"at 5m\n\nat 6m expect no alerts", `10:6: nothing is expected at 5m; write: expect no alerts`},
		{"at soon expect no alerts", `10:4: "soon" is not a duration; write a duration such as`},
		{"at 1m500ms expect no alerts", `10:4: nothing is evaluated at 1m500ms; choose a multiple of 1s`},
		{"at 5m expect alert page_fats firing", `10:20: "page_fats" is not understood here; write one of: heal, page_fast`},
		{"at 5m expect budget remaining lots", `10:31: "lots" is not a number; write a number such as 0.5 or 50%`},
		{"at 5m expect good 1.5", `10:19: "1.5" is not a number of events; write a whole number`},
		{"at 5m expect no alerts please", `10:24: "please" is not understood here; remove it`},
		{"at 5m expect other:slo no alerts", `10: there is no SLO other:slo; write one of shop:availability`},
		{"expect fired heal between 3m and 2m", `10:19: 2m is before 3m; write the earlier time first`},
		{"tick 1500ms\nat 3s expect no alerts", `10:6: the engine evaluates on whole seconds; write whole seconds`},
		{"at 3s expect no alerts\ntick 1s", `11:1: tick comes too late here; move it to the top of the file`},
		{"start yesterday\nat 3s expect no alerts", `10:7: "yesterday" is not a time; write a time such as`},
		{"load 15s\nat 3s expect no alerts", `10:9: nothing is loaded; write a series in each line below`},
		{"load 15s\n  requests_total 0+1x5 what\nat 3s expect no alerts", `11:24: `},
		{"load 15s\n  requests_total 0+1x9999999999\nat 3s expect no alerts", `11:1: a scenario has at most 8000000 samples; sample less often`},
		{"load 15s every 3s\n  requests_total 0+1x5\nat 3s expect no alerts", `10:10: "every" is not understood here; write one of: at, late, delta`},
		{"traffic {a=\"b\" rate 1/s for 1m", `10:9: "{a=\"b\" rate 1/s for 1m" is not a series; write http_requests_total`},
		{"traffic requests_total rate 100 for 1m", `10:29: "100" is not a rate; write a rate such as 100/s, 30/m or 5/h`},
		{"traffic requests_total for 1m", `10:30: the rate is missing; write: rate 100/s`},
		{"traffic requests_total rate 1/s", `10:32: how long it lasts is missing; write: for 30m`},
		{"traffic requests_total rate 1e9/s for 1m", `10:29: "1e9/s" is not a rate`},
		{"traffic requests_total rate 1/s errors 1e-999999999 for 1m", `10:40: "1e-999999999" is not a share; write a share such as 0.5 or 50%`},
		{"traffic requests_total rate 1/s errors 120% for 1m", `10:40: the share of errors is not a share; write a share from 0% to 100%`},
		{"traffic requests_total{code=\"200\"} rate 1/s for 1m", `10:9: the label code tells good events from failed ones`},
		{"traffic requests_total rate 1/s for 1000d every 1s", `a scenario has at most 8000000 samples`},
		{"silence requests_total for 1m", `10:9: there is no traffic of {__name__="requests_total"} that could fall silent; write its traffic first`},
		{"traffic requests_total rate 1/s for 5m\ntraffic requests_total rate 1/s at 1m for 5m", `11:9: at 1m the traffic before is still going on, until 5m`},
		{"traffic requests_total rate 1/s for 5m\ntraffic requests_total rate 1/s every 5s for 5m", `11:33: every cannot change; write it in the first line`},
		{"traffic requests_total rate 1/s within 1s 50% 500ms 80% for 5m", `10:47: a longer time holds all that a shorter one does`},
		{"slo nowhere.yaml", `10:5: there is no file nowhere.yaml; write its path`},
		{"slo\n  kind: what", `11: `},
		{"", `shop.slotest: nothing is expected here; add one, such as: at 5m expect no alerts`},
	}
	for _, tt := range tests {
		_, err := Parse("shop.slotest", shop+tt.text)
		var problems Problems
		if !errors.As(err, &problems) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}

// All problems of a file are told at once, in the order of its lines.
func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("a.slotest", "load x\nfrob\nat 1m\n  expect joy\n  expect no alerts at all\n")
	var lines []int
	var problems Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			lines = append(lines, p.Line)
		}
	}
	if diff := cmp.Diff([]int{1, 2, 4, 5}, lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s\n%v", diff, err)
	}
}

// What lies beside the scenario is found from wherever it is read.
func TestFilesAreBesideTheScenario(t *testing.T) {
	folder := t.TempDir()
	document := strings.ReplaceAll(strings.TrimPrefix(shop, "slo\n"), "\n  ", "\n")[2:]
	write := func(name, text string) string {
		file := filepath.Join(folder, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write("shop.yaml", document)
	file := write("a.slotest", "slo *.yaml\nat 1m expect state unknown\n")
	s, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Play(t.Context())
	if err != nil || !r.Passed() {
		t.Errorf("%v, %v", r.Failures, err)
	}
	for _, name := range []string{folder, filepath.Join(folder, "none.slotest"), write("big.slotest", strings.Repeat("#\n", maxFile))} {
		if _, err := Load(name); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("load %s: %v", name, err)
		}
	}
	if _, err := s.Play(canceled(t)); err == nil {
		t.Error("a scenario that was interrupted ended well")
	}
}
