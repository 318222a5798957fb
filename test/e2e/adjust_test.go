package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/test/lab"
)

// site is a folder and the process that serves it.
type site struct {
	*testing.T
	binary, dir, url string
	running          *lab.Process
}

func (s *site) start() {
	s.Helper()
	s.running, s.url = serveEngine(s.T, s.binary, s.dir, nil)
}

// reload writes the SLO file and has it read.
func (s *site) reload(documents string) {
	s.Helper()
	put(s.T, s.dir, "slos/slos.yaml", documents)
	if code, answer := ask(s, "POST", s.url+"/-/reload", "", ""); code != 200 {
		s.Fatalf("reload: %d %s", code, answer)
	}
}

// shown is what the engine says of an SLO's budget.
type shown struct {
	Good, Total, SLI, Coverage, Remaining float64
	Names                                 string
	ExcludedGood, ExcludedTotal, Without  float64
}

const shopID = "checkout:availability"

// budget is what the API says once something holds, and with it /metrics/slo.
func (s *site) budget(holds func(shown) bool) (got shown) {
	s.Helper()
	c, err := client.New(s.url, client.Options{HTTP: web})
	if err != nil {
		s.Fatal(err)
	}
	lab.Eventually(s, patience, func() error {
		detail, err := c.SLO(s.Context(), shopID)
		if err != nil {
			return err
		}
		got = shownOf(detail.SLO)
		if !holds(got) {
			return fmt.Errorf("shown: %+v", got)
		}
		return got.on(look(s, s.url+"/metrics/slo")) // of the same moment, sooner or later
	})
	if spent := (1 - got.Remaining) / got.Coverage; math.Abs(spent-(got.Total-got.Good)/got.Total/0.001) > 1e-6 {
		s.Errorf("%v of the budget for what was seen is spent: %+v", spent, got)
	}
	return got
}

func shownOf(v apitypes.SLO) shown {
	number := func(p *float64) float64 {
		if p == nil {
			return -1
		}
		return *p
	}
	got := shown{
		Good: number(v.GoodEvents), Total: number(v.TotalEvents), SLI: number(v.SLI), Coverage: number(v.Coverage),
		Remaining: number(v.ErrorBudgetRemaining),
	}
	if a := v.Adjustments; a != nil {
		got.Names, got.Without = strings.Join(a.Names, ","), number(a.ErrorBudgetRemainingWithout)
		got.ExcludedGood, got.ExcludedTotal = number(a.ExcludedGoodEvents), number(a.ExcludedTotalEvents)
	}
	return got
}

// on wants /metrics/slo to say the same.
func (want shown) on(page string) error {
	expected := map[string]float64{"slo_error_budget_remaining_ratio": want.Remaining}
	if want.Names != "" {
		expected["slo_error_budget_remaining_without_adjustments_ratio"] = want.Without
	} else if strings.Contains(page, "without_adjustments") {
		return errors.New("/metrics/slo has adjustments, and there are none")
	}
	for name, value := range expected {
		found := regexp.MustCompile(`(?m)^` + name + `\{[^\n]*\} (\S+)$`).FindStringSubmatch(page)
		if len(found) == 0 || found[1] != fmt.Sprint(value) {
			return fmt.Errorf("%s is %q, the API has %v", name, found, value)
		}
	}
	return nil
}

// alike are what does not change as time goes by: the window grows fuller.
func (b shown) alike() shown {
	b.Coverage, b.Remaining, b.Without = 0, 0, 0
	return b
}

// audited lists what the audit knows, the oldest first.
func (s *site) audited() (list []string) {
	s.Helper()
	var answer apitypes.AuditList
	if err := json.Unmarshal([]byte(look(s, s.url+"/api/v1/audit?kind=adjustment")), &answer); err != nil {
		s.Fatal(err)
	}
	for _, r := range answer.Records {
		list = append([]string{r.Kind + " " + r.Subject + " " + strings.Join(r.SLOs, ",")}, list...)
	}
	return list
}

// excluding is a document that takes a stretch of time out.
func excluding(name string, from, to time.Time) string {
	return fmt.Sprintf("---\napiVersion: slo-engine.dev/v1\nkind: BudgetAdjustment\nmetadata: {name: %s}\n"+
		"spec: {select: ['service=\"checkout\"'], reason: failover, from: %s, to: %s}\n",
		name, from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
}

// A stretch of time is taken out after it was counted, while samples come; the
// engine is killed; the document is removed: the old numbers are back.
func TestAdjustmentsOfARunningEngine(t *testing.T) {
	t.Parallel()
	s := &site{T: t, binary: buildEngine(t), dir: t.TempDir()}
	put(t, s.dir, "slos/slos.yaml", soundSLO)
	s.start()

	now := time.Now().Truncate(time.Second)
	incident := excluding("incident", now.Add(-7*time.Minute), now.Add(-3*time.Minute))
	shop := &sender{to: &writer{url: s.url, shift: -5 * time.Minute}, ok: 1000, bad: 10}
	shop.serve(t, 0, 0)
	shop.serve(t, 60, 40) // the incident
	shop.to.shift = -time.Minute
	shop.serve(t, 0, 0) // nothing happened between
	shop.serve(t, 9999, 1)
	before := s.budget(func(b shown) bool { return b.Total == 10100 })
	if before.Good != 10059 || before.Remaining >= 1 || before.Names != "" {
		t.Errorf("before: %+v", before)
	}

	s.reload(soundSLO + incident)
	during := s.budget(func(b shown) bool { return b.Names == "incident" })
	if during.Good != 9999 || during.Total != 10000 || during.ExcludedGood != 60 || during.ExcludedTotal != 100 ||
		during.Without >= during.Remaining || during.Remaining <= before.Remaining {
		t.Errorf("with the adjustment %+v, before %+v", during, before)
	}
	shop.serve(t, 100, 0)
	during = s.budget(func(b shown) bool { return b.Total == 10100 })
	if during.Good != 10099 || during.ExcludedTotal != 100 {
		t.Errorf("and more samples: %+v", during)
	}

	s.running.Kill()
	s.start()
	shop.to.url = s.url
	if diff := cmp.Diff(during.alike(), s.budget(func(b shown) bool { return b.Total == 10100 && b.Names != "" }).alike()); diff != "" {
		t.Errorf("after kill -9 (-before +after):\n%s", diff)
	}

	// The engine that comes back without the document knows what was counted.
	s.running.Kill()
	put(t, s.dir, "slos/slos.yaml", soundSLO)
	s.start()
	after := s.budget(func(b shown) bool { return b.Names == "" && b.Total > 0 })
	if after.Good != 10159 || after.Total != 10200 || after.Remaining >= during.Remaining {
		t.Errorf("undone: %+v, while it held %+v", after, during)
	}
	want := []string{"adjustment_applied incident " + shopID, "adjustment_removed incident " + shopID}
	if diff := cmp.Diff(want, s.audited()); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
	if log := s.running.Output(); !strings.Contains(log, "budget adjustment removed") || !strings.Contains(log, "adjustment=incident") {
		t.Errorf("the log does not say it:\n%s", log)
	}
	info, err := os.Stat(filepath.Join(s.dir, "data", "audit.jsonl"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("audit.jsonl: %v, %v", info, err)
	}
	s.running.Signal(syscall.SIGTERM)
	if err := s.running.Wait(); err != nil {
		t.Errorf("end: %v", err)
	}
}
