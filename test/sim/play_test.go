package sim

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// set is what one scrape of one target saw.
type set struct {
	at    int64
	batch *sli.Batch
}

// sets are all scrapes, in order. A set comes in one piece.
func (w *world) sets() []set {
	type key struct {
		at     int64
		target string
	}
	batches := map[key]*sli.Batch{}
	for _, a := range w.cast {
		for _, s := range a.samples {
			k := key{s.Time, a.Target}
			if batches[k] == nil {
				batches[k] = &sli.Batch{Whole: true}
			}
			series := a.series()
			series.Points = []sli.Point{a.point(s)}
			batches[k].Series = append(batches[k].Series, series)
		}
	}
	var list []set
	for k, b := range batches {
		list = append(list, set{k.at, b})
	}
	slices.SortFunc(list, func(a, b set) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.batch.Series[0].Target, b.batch.Series[0].Target))
	})
	return list
}

func compile(t *testing.T, specs ...*slo.Spec) (programs []*sli.Program) {
	t.Helper()
	for _, spec := range specs {
		program, problems := sli.Compile(spec)
		if len(problems) > 0 {
			t.Fatalf("compile %s: %v", spec.ID(), problems)
		}
		programs = append(programs, program)
	}
	return programs
}

// play calls deliver for each set and tick for each tick, in order of time: a
// tick sees what came up to it.
func (w *world) play(deliver func(s set), tick func(now time.Time)) {
	sets := w.sets()
	for now := began; !now.After(began.Add(w.length)); now = now.Add(w.tick) {
		for len(sets) > 0 && sets[0].at <= now.UnixNano() {
			deliver(sets[0])
			sets = sets[1:]
		}
		tick(now)
	}
}

// transition is an alert that began or ended.
type transition struct {
	at  int64
	who string // the tier that holds it, or a condition of its own
	on  bool
}

// watch turns what holds at each tick into transitions.
type watch struct {
	holds map[string]bool
	list  []transition
}

func (w *watch) see(at int64, holds map[string]bool) {
	if maps.Equal(w.holds, holds) {
		return
	}
	for _, who := range slices.Sorted(maps.Keys(w.holds)) {
		if !holds[who] {
			w.list = append(w.list, transition{at, who, false})
		}
	}
	for _, who := range slices.Sorted(maps.Keys(holds)) {
		if !w.holds[who] {
			w.list = append(w.list, transition{at, who, true})
		}
	}
	w.holds = maps.Clone(holds)
}

// tally counts what came of many worlds.
type tally struct {
	hours                   float64
	ticks, worlds, doubtful int
	same, missed, spurious  int
	late                    map[int64]int // by how many ticks
}

// compare matches the transitions of the engine with those of the referee:
// each kind in order, within a tick.
func (c *tally) compare(want, got []transition, tick time.Duration) (unmatched []string) {
	taken := make([]bool, len(got))
	for _, x := range want {
		found := -1
		for i, y := range got {
			near := y.at-x.at <= int64(tick) && x.at-y.at <= int64(tick)
			if !taken[i] && near && x.who == y.who && x.on == y.on && (found < 0 || abs(y.at-x.at) < abs(got[found].at-x.at)) {
				found = i
			}
		}
		if found < 0 {
			c.missed++
			unmatched = append(unmatched, "missed "+x.String())
			continue
		}
		taken[found] = true
		c.same++
		c.late[(got[found].at-x.at)/int64(tick)]++
	}
	for i, y := range got {
		if !taken[i] {
			c.spurious++
			unmatched = append(unmatched, "spurious "+y.String())
		}
	}
	return unmatched
}

func abs(n int64) int64 { return max(n, -n) }

func (t transition) String() string {
	verb := " ends at "
	if t.on {
		verb = " begins at "
	}
	return t.who + verb + time.Duration(t.at-began.UnixNano()).String()
}
