package sim

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
)

// manner is one way in which the same samples may arrive. None of them changes
// a budget.
type manner struct {
	name  string
	chunk int  // requests hold up to so many samples; 0: one each
	again bool // requests are sent twice, at once or later
	lag   bool // series are late against each other, deltas against themselves
	load  bool // the same SLOs are loaded again now and then
}

var manners = []manner{
	{name: "split"},
	{name: "merged", chunk: 300},
	{name: "twice", chunk: 20, again: true},
	{name: "out of step", chunk: 5, lag: true},
	{name: "reloaded", chunk: 20, load: true},
	{name: "everything", chunk: 50, again: true, lag: true, load: true},
}

// worlds is how many worlds are told in every manner at scale 1.
const worlds = 6

func TestTotalsInEveryManner(t *testing.T) { everyManner(t, false) }
func TestDeltasInEveryManner(t *testing.T) { everyManner(t, true) }

func everyManner(t *testing.T, delta bool) {
	told, compared := 0, 0
	from, to := seeds(t, func(t *testing.T, seed uint64) bool {
		w := newWorldOf(seed, delta)
		if !w.doubtful() && !w.forgets() {
			for _, m := range manners {
				compared += m.tell(t, seed, w)
			}
			told++
		}
		return float64(told) >= worlds**scale
	})
	proved(t, from, to, "%d worlds in %d manners, %d readings bit-equal to the oracle", told, len(manners), compared)
}

// forgets reports whether a series returns after a day. Whether it is known
// then depends on when the engine last looked for what it can forget.
func (w *world) forgets() bool {
	return slices.ContainsFunc(w.cast, func(a *actor) bool {
		for i := 1; i < len(a.samples); i++ {
			if a.samples[i].Time-a.samples[i-1].Time > int64(w.Forget-time.Hour) {
				return true
			}
		}
		return false
	})
}

// tell delivers a world, waits until all is known, and compares.
func (m manner) tell(t *testing.T, seed uint64, w *world) (compared int) {
	t.Helper()
	defer func() {
		if t.Failed() {
			t.Logf("seed %d was told %s", seed, m.name)
		}
	}()
	p := newProbing(t, seed, w)
	rng := rand.New(rand.NewPCG(seed, 19))
	journey := w.journey(rng, m)
	last := began
	var sent []*sli.Batch
	for len(journey) > 0 {
		n := min(len(journey), 1+rng.IntN(max(m.chunk, 1)))
		batch, at := pack(rng, journey[:n]), time.Unix(0, journey[n-1].arrival)
		journey = journey[n:]
		p.deliver(batch, at)
		if sent = append(sent, batch); m.again && rng.IntN(4) == 0 {
			p.deliver(sent[max(0, len(sent)-1-rng.IntN(30))], at)
		}
		if m.load && rng.IntN(100) == 0 {
			p.core.Load(compile(t, w.specs()...), nil, at)
		}
		if rng.IntN(50) == 0 {
			p.core.Evaluate(at)
		}
		last = at
	}
	now := last.Truncate(time.Second).Add(time.Minute)
	for _, in := range p.core.Evaluate(now).Instances {
		p.whole(in, now)
		if now.Sub(in.Period.End) < 2*time.Minute { // else it still waits for the rest of a sample set
			p.look(in, now)
		}
	}
	return p.compared
}

// whole compares all that was ever counted for an instance.
func (p *probing) whole(in *engine.Instance, now time.Time) {
	p.Helper()
	if in.State == engine.StateUnknown {
		return
	}
	if in.Spec.Budgeting.Method != slo.Occurrences {
		p.lookAtSlices(in, now)
		return
	}
	p.compared++
	tape, _ := p.tapeOf(in)
	if want := tape.Until(now.UnixNano(), now.UnixNano()); !equal(in.Since, want) {
		p.Fatalf("seed %d (%s), %s: counted %+v in all, the oracle %+v", p.seed, p.world, in.ID, in.Since, want)
	}
}

// deliver sends a request; of what is sent again, nothing counts.
func (p *probing) deliver(batch *sli.Batch, at time.Time) {
	for _, r := range p.core.Ingest(batch, at).Rejections {
		if r.Reason != sli.ReasonDuplicate && r.Reason != sli.ReasonOutOfOrder && (!p.delta || r.Reason != sli.ReasonTooOld) {
			p.Errorf("seed %d at %s: refused %+v", p.seed, at.Sub(began), r)
		}
	}
}

// delivery is one sample on its way.
type delivery struct {
	arrival int64
	tie     int
	actor   *actor
	sample  oracle.Sample
	new     bool // its series was not seen before
}

// journey puts all samples in the order of their arrival. Only the first of a
// series is never late: see pack.
func (w *world) journey(rng *rand.Rand, m manner) (list []delivery) {
	for _, a := range w.cast {
		newest := int64(0)
		for i, s := range a.samples {
			arrival, fresh := s.Time, i == 0
			if m.lag && !fresh {
				arrival += w.lag(rng, a)
			}
			if !a.Delta { // one series stays in order
				arrival = max(arrival, newest+1)
			}
			newest = arrival
			list = append(list, delivery{arrival, rng.Int(), a, s, fresh})
		}
	}
	slices.SortFunc(list, func(a, b delivery) int { return cmp.Or(cmp.Compare(a.arrival, b.arrival), cmp.Compare(a.tie, b.tie)) })
	return list
}

// lag is how late a sample is. Those by which births are known keep in step
// to an interval; others may be minutes behind.
func (w *world) lag(rng *rand.Rand, a *actor) int64 {
	switch {
	case a.Delta:
		return rng.Int64N(30 * second)
	case !a.failed:
		return rng.Int64N(int64(w.interval))
	case rng.IntN(20) > 0:
		return rng.Int64N(60 * second)
	}
	return rng.Int64N(480 * second)
}

// pack makes a request. The samples of a series are joined, so that the other
// series of their sets come after it; but not where one of them is new: it is
// born only if the siblings of its first set have not been overtaken.
func pack(rng *rand.Rand, list []delivery) *sli.Batch {
	batch := &sli.Batch{}
	join := rng.IntN(4) > 0 && !slices.ContainsFunc(list, func(d delivery) bool { return d.new })
	place := map[*actor]int{}
	for _, d := range list {
		i, known := place[d.actor]
		if !known || !join {
			i = len(batch.Series)
			place[d.actor] = i
			batch.Series = append(batch.Series, d.actor.series())
		}
		batch.Series[i].Points = append(batch.Series[i].Points, d.actor.point(d.sample))
	}
	return batch
}
