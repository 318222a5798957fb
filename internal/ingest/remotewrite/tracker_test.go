package remotewrite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// tracker is a sink that counts, and has a book of what it knows.
type tracker struct {
	*sli.Tracker
	now time.Time
	// ready ends the counting: what comes later is only received.
	ready bool
}

var (
	requestErrors = slo.SLI{Ratio: &slo.Ratio{Total: "http_requests_total", Bad: `http_requests_total{code=~"5.."}`}}
	everything    = slo.SLI{Ratio: &slo.Ratio{Total: `{__name__=~".+"}`, Bad: `{__name__=~".+", code=~"5.."}`}}
)

func newTracker(t testing.TB, now time.Time, indicators ...slo.SLI) *tracker {
	t.Helper()
	objective, err := slo.ParseObjective("99.9%")
	if err != nil {
		t.Fatal(err)
	}
	var programs []*sli.Program
	for i, indicator := range indicators {
		program, problems := sli.Compile(&slo.Spec{
			Service: "shop", Name: fmt.Sprint(i), Objective: objective, SLI: indicator,
			Window: slo.Window{Rolling: 30 * 24 * time.Hour},
		})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		programs = append(programs, program)
	}
	w := &tracker{Tracker: sli.NewTracker(sli.Options{}), now: now}
	w.Replace(programs, now.Add(-time.Hour))
	return w
}

func (w *tracker) count(b *sli.Batch) sli.Receipt {
	var receipt sli.Receipt
	w.Tracker.Ingest(b, w.now, &receipt)
	return receipt
}

// Ingest makes the tracker a sink of one sender.
func (w *tracker) Ingest(_ context.Context, b *sli.Batch) (sli.Receipt, error) {
	if w.ready {
		return sli.Receipt{}, nil
	}
	return w.count(b), nil
}

// counts is all that was counted, by instance.
func (w *tracker) counts() map[string]string {
	all := map[string]string{}
	for _, in := range w.Instances() {
		uncertain := budget.Counts{}
		if in.Uncertain != nil {
			uncertain = in.Uncertain.Since()
		}
		all[in.ID] = fmt.Sprintf("%v %v to %v, %v", in.Ledger.Since(), uncertain, in.LastSample(), in.Notices())
	}
	return all
}

// identity is what a series of a batch is, apart from its points.
type identity struct {
	labels, target string
	kind           sli.Type
}

// names says which series a known one is: what its key was learnt for.
type names map[*sli.Known]identity

func (n names) learn(book *sli.Book, batch *sli.Batch) {
	page := book.Page()
	for _, s := range batch.Series {
		if known := page.Find(s.Key); s.Key != 0 && known != nil {
			n[known] = identityOf(s)
		}
	}
}

func identityOf(s sli.Series) identity {
	return identity{strings.Clone(s.Labels.String()), strings.Clone(s.Target), s.Type}
}

// points are all points of a batch with their series, in no order.
func (n names) points(t testing.TB, b *sli.Batch) []string {
	t.Helper()
	var all []string
	for _, s := range b.Series {
		for _, p := range s.Points {
			all = append(all, pointText(identityOf(s), p))
		}
	}
	for _, s := range b.Samples {
		id, ok := n[s.Known]
		if !ok || s.Temporality != sli.Cumulative {
			t.Fatalf("a sample of no series: %+v", s)
		}
		id.kind = s.Type
		all = append(all, pointText(id, s.Point))
	}
	slices.Sort(all)
	return all
}

func pointText(id identity, p sli.Point) string {
	value := fmt.Sprint(p.Value)
	if p.Histogram != nil {
		value = fmt.Sprintf("%+v", *p.Histogram)
	}
	return fmt.Sprintf("%s of %q, type %d: at %d from %d stale %t int %t: %s",
		id.labels, id.target, id.kind, p.Time, p.Start, p.Stale, p.IsInt, value)
}
