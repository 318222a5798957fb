package backfill

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/test/lab"
)

const month = 30 * 24 * time.Hour

// world is what some shops counted, sample by sample, and what they would
// answer if they were scraped now. Each shop has pods with series by code.
type world struct {
	began time.Time
	every time.Duration

	mu      sync.Mutex // of the rest, once it is served
	shops   []*shop
	scrapes int
	calm    bool // no error of a new kind comes
	shut    bool // no scrape is answered
	rng     *rand.Rand
}

// shop is one service.
type shop struct {
	name   string
	pods   []*pod
	truths []truth // by time
}

// truth is what happened between two samples of a pod.
type truth struct {
	at time.Time
	budget.Counts
}

// pod counts requests by code. Its rows hold a value for each scrape.
type pod struct {
	name   string
	offset time.Duration // pods are not scraped at the same moment
	codes  []*row
}

type row struct {
	code   string
	rate   float64 // a second
	born   int     // the scrape at which it is there first
	values []float64
}

// newWorld counts for a while up to now: traffic by day and night, a bad hour
// now and then, restarts of pods, and a code that is new after some days.
func newWorld(shops int, length, every time.Duration) *world {
	w := &world{every: every, rng: rand.New(rand.NewPCG(1, 1)), began: time.Now().Add(-length - time.Minute).Truncate(time.Second)}
	scrapes := int(length / every)
	for i := range shops {
		rng := rand.New(rand.NewPCG(uint64(i), 9))
		s := &shop{name: fmt.Sprintf("shop%d", i)}
		for p := range 2 {
			one := &pod{name: fmt.Sprintf("pod%d", p), offset: time.Duration(p) * 17 * time.Second, codes: []*row{
				{code: "200", rate: 40 + rng.Float64()*60}, {code: "500", rate: 0.02 + rng.Float64()*0.05},
				{code: "503", rate: 0.01, born: scrapes/3 + rng.IntN(scrapes/3)},
			}}
			s.pods = append(s.pods, one)
			restart := 0
			for n := range scrapes {
				if rng.IntN(5000) == 0 {
					restart = n
				}
				at := w.began.Add(time.Duration(n)*every + one.offset)
				var sum truth
				for _, r := range one.codes {
					r.next(rng, n, restart == n && n > 0, load(at)*every.Seconds(), &sum)
				}
				sum.at = at
				s.truths = append(s.truths, sum)
			}
		}
		w.shops = append(w.shops, s)
	}
	return w
}

// load is by day and night.
func load(at time.Time) float64 {
	if h := at.UTC().Hour(); h > 7 && h < 21 {
		return 1
	}
	return 0.2
}

// next is the value at the next scrape, and what it added.
func (r *row) next(rng *rand.Rand, n int, restarts bool, seconds float64, sum *truth) {
	if n < r.born {
		r.values = append(r.values, 0)
		return
	}
	rate := r.rate
	if r.code != "200" && n/40%97 == 3 {
		rate *= 30 // an incident
	}
	added := float64(int(rate*seconds*(0.5+rng.Float64()) + rng.Float64()))
	before := 0.0
	if n > r.born {
		before = r.values[n-1]
	}
	if restarts { // what came before it, since the last scrape, nobody saw
		before = 0
	}
	r.values = append(r.values, before+added)
	if n == 0 {
		return // a baseline
	}
	sum.Total += added
	if r.code != "200" {
		sum.Bad += added
	}
}

// between is the truth of (from, to].
func (w *world) between(s *shop, from, to time.Time) (sum budget.Counts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range s.truths {
		if t.at.After(from) && !t.at.After(to) {
			sum = sum.Add(t.Counts)
		}
	}
	return sum
}

// write writes the samples as OpenMetrics.
func (w *world) write(tb testing.TB, file string) {
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	out := bufio.NewWriterSize(f, 1<<20)
	_, _ = out.WriteString("# TYPE http_requests counter\n")
	w.past(out, time.Time.Unix)
	_, _ = out.WriteString("# EOF\n")
	if err := out.Flush(); err != nil {
		tb.Fatal(err)
	}
}

// past writes every sample, with its time in the unit that the reader wants.
func (w *world) past(out io.Writer, unit func(time.Time) int64) {
	for _, s := range w.shops {
		for _, p := range s.pods {
			for _, r := range p.codes {
				for n := r.born; n < len(r.values); n++ {
					at := w.began.Add(time.Duration(n)*w.every + p.offset)
					_, _ = fmt.Fprintf(out, "http_requests_total{%s} %.0f %d\n", labelsOf(s, p, r), r.values[n], unit(at))
				}
			}
		}
	}
}

func labelsOf(s *shop, p *pod, r *row) string {
	return fmt.Sprintf("job=%q,instance=%q,code=%q", s.name, p.name, r.code)
}

// ServeHTTP answers a scrape of one pod of each shop: a second has passed.
func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.shut {
		http.Error(out, "not open yet", http.StatusServiceUnavailable)
		return
	}
	w.scrapes++
	at := time.Now()
	out.Header().Set("Content-Type", "text/plain; version=0.0.4")
	for _, s := range w.shops {
		for _, p := range s.pods {
			if r.URL.Path != "/"+p.name {
				continue
			}
			sum := truth{at: at}
			if n := len(p.codes[0].values); w.scrapes/2 == 10 && !w.calm { // an error of a new kind
				p.codes = append(p.codes, &row{code: "504", rate: 5, born: n, values: make([]float64, n)})
			}
			for _, r := range p.codes {
				r.next(w.rng, len(r.values), false, load(at), &sum)
				_, _ = fmt.Fprintf(out, "http_requests_total{%s} %.0f\n", labelsOf(s, p, r), r.values[len(r.values)-1])
			}
			s.truths = append(s.truths, sum)
		}
	}
}

// open begins the present of a world that was shut.
func (w *world) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shut = false
}

// scraped is how often the present was scraped.
func (w *world) scraped() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.scrapes
}

func sorted(list []int64) []int64 { slices.Sort(list); return list }

// prometheus starts a server that holds the world's past as blocks, and scrapes
// its present. It returns its URL.
func (w *world) prometheus(t *testing.T, present string) string {
	dir := t.TempDir()
	file, blocks, config := filepath.Join(dir, "past.om"), filepath.Join(dir, "blocks"), w.scrapeConfig(t, present)
	w.write(t, file)
	lab.Run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "--max-block-duration=768h", file, blocks)
	p := lab.Start(t, lab.Cmd{Name: lab.Binary(t, "prometheus"), Args: []string{
		"--config.file=" + config, "--storage.tsdb.path=" + blocks, "--storage.tsdb.retention.time=60d",
		"--web.listen-address=127.0.0.1:0",
	}})
	var url string
	lab.Eventually(t, time.Minute, func() error {
		found := listening.FindStringSubmatch(p.Output())
		if found == nil {
			return errors.New("it does not say where it listens")
		}
		url = "http://" + found[1]
		return lab.HTTPReady(url + "/-/ready")(t.Context())
	})
	return url
}

// scrapeConfig is a file that has both pods of the present scraped.
func (w *world) scrapeConfig(t *testing.T, present string) string {
	file := filepath.Join(t.TempDir(), "prometheus.yml")
	text := fmt.Sprintf(scraping, strings.TrimPrefix(present, "http://"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(127\.0\.0\.1:\d+)`)

const scraping = `
global: {scrape_interval: 1s}
scrape_configs:
- job_name: first
  honor_labels: true
  metrics_path: /pod0
  static_configs: [{targets: ["%[1]s"]}]
- job_name: second
  honor_labels: true
  metrics_path: /pod1
  static_configs: [{targets: ["%[1]s"]}]
`
