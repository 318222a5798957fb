package differential

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

var update = flag.Bool("update", false, "write the table of docs/compared-with-rules.md instead of comparing it")

// averaging is how Sloth makes thirty days of five minutes: it records the
// ratio of each five and takes their average.
const averaging = `groups:
- name: averaging
  interval: 1m
  rules:
  - record: slo:sli_error:ratio_rate5m
    expr: |
      sum by (month) (rate(requests_total{code="500"}[5m]))
      / sum by (month) (rate(requests_total[5m]))
`

// month30d is Sloth's expression for the SLO window.
const month30d = `sum_over_time(slo:sli_error:ratio_rate5m{month=%[1]q}[30d]) / count_over_time(slo:sli_error:ratio_rate5m{month=%[1]q}[30d])`

// TestMonthOfRules lets engine and Prometheus live through the same months,
// and asks both how much failed. What they say is in the documentation. It
// takes the better part of a minute, which -short leaves out.
func TestMonthOfRules(t *testing.T) {
	if testing.Short() {
		return
	}
	t.Parallel()
	var docs []string
	for _, m := range months {
		docs = append(docs, strings.ReplaceAll(document(m.id, fmt.Sprintf("ratio: {total: '%s', bad: '%s'}", m.figures().total, m.figures().bad)), "99%", "99.9%"))
	}
	b := startBoth(t, strings.Join(docs, "---\n"), "", lab.PrometheusOptions{ExtraArgs: append([]string{
		"--storage.tsdb.retention.time=1y", "--storage.tsdb.block-reload-interval=1s",
		// The whole month stays in memory: writing it as it grows old takes longer.
		"--storage.tsdb.min-block-duration=40d", "--storage.tsdb.max-block-duration=40d",
	}, anchoring...)})
	end := time.Now().Add(-2 * time.Minute).Truncate(5 * time.Minute) // rules look at whole five minutes
	b.liveThrough(t, end)
	lived := b.engine.settled(t)
	b.record(t, end)
	var rows []row
	for _, d := range lived {
		rows = append(rows, b.row(t, d, end))
	}
	checkTable(t, rows)
}

// liveThrough sends the months, many sample sets at a time.
func (b *both) liveThrough(t *testing.T, end time.Time) {
	t.Helper()
	var waiting []sample
	lived(end, func(set ...sample) {
		if waiting = append(waiting, set...); len(waiting) >= perRequest {
			b.send(t, waiting...)
			waiting = waiting[:0]
		}
	})
	b.send(t, waiting...)
}

// record has promtool evaluate the rule for each minute of the past, and
// hands Prometheus what it recorded.
func (b *both) record(t *testing.T, end time.Time) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "averaging.yml"), []byte(averaging), 0o600); err != nil {
		t.Fatal(err)
	}
	p := lab.Start(t, lab.Cmd{Name: lab.Binary(t, "promtool"), Dir: dir, Args: []string{
		"tsdb", "create-blocks-from", "rules", "--url", b.prom.URL, "--output-dir", "blocks",
		"--start", unix(end.Add(-monthMinutes * time.Minute)), "--end", unix(end), "averaging.yml",
	}})
	if err := p.Wait(); err != nil {
		t.Fatalf("promtool: %v\n%s", err, p.Output())
	}
	b.adopt(t, filepath.Join(dir, "blocks"))
	lab.Eventually(t, patience, func() error {
		n := b.ask(t, end, `min(count_over_time(slo:sli_error:ratio_rate5m{month!="empty"}[30d]))`)
		if n < monthMinutes-10 {
			return fmt.Errorf("Prometheus has read %v recorded ratios", n)
		}
		return nil
	})
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// adopt moves blocks to where Prometheus keeps its own.
func (b *both) adopt(t *testing.T, dir string) {
	t.Helper()
	data := storagePath(t.Context(), t, b.prom.URL)
	blocks, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range blocks {
		if err := os.Rename(filepath.Join(dir, block.Name()), filepath.Join(data, block.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// storagePath asks a Prometheus where it keeps its blocks.
func storagePath(ctx context.Context, t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api/v1/status/flags", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var flags struct{ Data map[string]string }
	if err := json.Unmarshal(body, &flags); err != nil || flags.Data["storage.tsdb.path"] == "" {
		t.Fatalf("Prometheus does not say where its data are: %s", body)
	}
	return flags.Data["storage.tsdb.path"]
}

// row is what four ways of counting make of one month.
type row struct {
	month
	engine, counting, averaging float64
}

// row asks both. The engine, and Prometheus's anchored increase, must know
// the truth to the last event.
func (b *both) row(t *testing.T, d apitypes.Detail, end time.Time) row {
	t.Helper()
	r := row{month: find(t, d.Name)}
	truth, said := r.truth(), counted(t, d.Windows[len(d.Windows)-1].Counts)
	if said != truth {
		t.Errorf("%s: the engine counts %+v, the truth is %+v", d.Name, said, truth)
	}
	var window apitypes.Reading
	window.WindowStart.Time, window.WindowEnd.Time = end.Add(-30*24*time.Hour), end
	if exact := b.anchored(t, r.figures(), window); exact != truth {
		t.Errorf("%s: Prometheus counts %+v, the truth is %+v", d.Name, exact, truth)
	}
	r.engine = 1 - *d.SLI
	plain := b.plain(t, r.figures(), window)
	r.counting = plain.bad / plain.total
	r.averaging = b.ask(t, end, month30d, d.Name)
	return r
}

func find(t *testing.T, id string) month {
	t.Helper()
	for _, m := range months {
		if m.id == id {
			return m
		}
	}
	t.Fatalf("there is no month %s", id)
	return month{}
}

// The table stands between these lines.
const (
	tableFile  = "../../docs/compared-with-rules.md"
	tableBegin = "<!-- table: written by go test ./test/differential -run Month -update -->\n"
	tableEnd   = "<!-- end of table -->\n"
)

// checkTable wants the documentation to hold these rows, or writes them.
func checkTable(t *testing.T, rows []row) {
	t.Helper()
	page, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), tableBegin)
	committed, after, found := strings.Cut(rest, tableEnd)
	if !found {
		t.Fatalf("%s has no table", tableFile)
	}
	table := render(rows)
	switch {
	case *update:
		text := before + tableBegin + table + tableEnd + after
		if err := os.WriteFile(tableFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	case table != committed:
		t.Errorf("%s differs (-committed +measured); -update writes it:\n%s", tableFile, cmp.Diff(committed, table))
	}
}

// render writes the rows in the order of months.
func render(rows []row) string {
	text := &strings.Builder{}
	text.WriteString("\n| traffic | what happens | the truth | slo-engine | `increase()` over 30 d | average of 5-minute ratios |\n|---|---|---|---|---|---|\n")
	for _, m := range months {
		for _, r := range rows {
			if r.id == m.id {
				truth := m.truth()
				fmt.Fprintf(text, "| %s | %s | %s | %s | %s | %s |\n", m.traffic, m.incident,
					verdict(truth.bad/truth.total), verdict(r.engine), verdict(r.counting), verdict(r.averaging))
			}
		}
	}
	return text.String() + "\n"
}

// verdict is an error ratio and what it means for the budget.
func verdict(ratio float64) string {
	switch {
	case math.IsNaN(ratio):
		return "NaN"
	case ratio > monthBudget:
		return fmt.Sprintf("%.4f %% **missed**", 100*ratio)
	}
	return fmt.Sprintf("%.4f %% kept", 100*ratio)
}
