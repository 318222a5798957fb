package sim

import (
	"math/big"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/budget"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/test/oracle"
	"github.com/slo-engine/slo-engine/test/oracle/referee"
)

// probes is how many readings are compared at scale 1.
const probes = 20_000

// TestWindowsEqualTheOracle probes windows of random worlds at random times:
// what every SLO shows must be the oracle's count, to the last event.
func TestWindowsEqualTheOracle(t *testing.T) {
	compared, worlds, slow := 0, 0, 0
	from, to := seeds(t, func(t *testing.T, seed uint64) bool {
		w := newWorld(seed)
		if !w.doubtful() {
			p := newProbing(t, seed, w)
			p.run()
			compared, slow = compared+p.compared, slow+p.slow
			worlds++
		}
		return float64(compared) >= probes**scale
	})
	proved(t, from, to, "%d readings in %d worlds bit-equal to the oracle, %d of them also summed event by event", compared, worlds, slow)
}

// probing is a world with several SLOs over the same series.
type probing struct {
	*testing.T
	*world
	seed           uint64
	core           *engine.Core
	tapes          map[string]*referee.Tape // by instance
	targets        map[string]string
	compared, slow int
}

func newProbing(t *testing.T, seed uint64, w *world) *probing {
	p := &probing{T: t, world: w, seed: seed, core: engine.NewCore(engine.Options{}), tapes: map[string]*referee.Tape{}, targets: map[string]string{}}
	p.core.Load(compile(t, w.specs()...), nil, began)
	return p
}

// specs are the world's SLO, the same by target, the same told the other way
// round: what is not good is bad; and one whose events are slices of time.
func (w *world) specs() []*slo.Spec {
	each, rest, slices := *w.spec, *w.spec, *w.spec
	slices.Name, slices.Budgeting = "slices", w.slices()
	each.Name, each.GroupBy = "each", []string{"instance"}
	rest.Name = "rest"
	rest.SLI = slo.SLI{Ratio: &slo.Ratio{Total: `sum(rate(requests_total[5m]))`, Good: `requests_total{code!~"5.."}`}}
	return []*slo.Spec{w.spec, &each, &rest, &slices}
}

// tapeOf is what an instance must have counted.
func (p *probing) tapeOf(in *engine.Instance) (*referee.Tape, string) {
	target := in.Group["instance"]
	if p.tapes[in.ID] == nil {
		p.tapes[in.ID] = p.tape(target)
	}
	return p.tapes[in.ID], target
}

// run plays the world, and looks about fifty times.
func (p *probing) run() {
	every := int(p.length/p.tick)/50 + 1
	sets := p.sets()
	for now := began; now.Before(began.Add(p.length)) && !p.Failed(); now = now.Add(time.Duration(1+p.IntN(2*every)) * p.tick) {
		for len(sets) > 0 && sets[0].at <= now.UnixNano() {
			complain(p.T, sets[0], p.core.Ingest(sets[0].batch, time.Unix(0, sets[0].at)))
			sets = sets[1:]
		}
		for _, in := range p.core.Evaluate(now).Instances {
			p.look(in, now)
		}
	}
}

// look compares every window of an instance.
func (p *probing) look(in *engine.Instance, now time.Time) {
	p.Helper()
	if in.State == engine.StateUnknown {
		return
	}
	if in.Spec.Budgeting.Method != slo.Occurrences {
		if p.IntN(5) == 0 {
			p.lookAtSlices(in, now)
		}
		return
	}
	tape, target := p.tapeOf(in)
	for _, r := range append(in.Windows, in.Period) {
		p.reading(in, tape, r, now)
		if p.IntN(200) == 0 {
			p.slowly(in, target, r, now)
		}
	}
}

// reading compares a window with the sums of a tape. Its end is no later than
// now, and where it begins follows from its end and length.
func (p *probing) reading(in *engine.Instance, tape *referee.Tape, r engine.Reading, now time.Time) {
	p.Helper()
	p.compared++
	start, end, want := tape.Window(r.End.UnixNano(), now.UnixNano(), r.Window)
	if r.Start.UnixNano() != start { // the moment judged lies within a second after the end
		start, end, want = tape.Window(r.End.UnixNano()+second-1, now.UnixNano(), r.Window)
	}
	if r.Start.UnixNano() != start || r.End.UnixNano() != end || r.End.After(now) || !equal(r.Counts, want) {
		p.Fatalf("seed %d (%s), %s, %s at %s: counted %+v in (%s, %s], the oracle %+v in (%s, %s]", p.seed, p.world, in.ID, r.Window, now.Sub(began),
			r.Counts, r.Start.Sub(began), r.End.Sub(began), want, time.Duration(start-began.UnixNano()), time.Duration(end-began.UnixNano()))
	}
}

func equal(got budget.Counts, want referee.Counts) bool {
	return got.Bad == float64(want.Bad) && got.Total == float64(want.Total)
}

// slowly compares a window with all increments that were known, added one by
// one.
func (p *probing) slowly(in *engine.Instance, target string, r engine.Reading, now time.Time) {
	p.Helper()
	p.slow++
	parts := p.parts(target)
	for i := range parts {
		parts[i].Increments = known(parts[i].Increments, now.UnixNano())
	}
	after, before := oracle.Until(parts, r.End.UnixNano()), oracle.Until(parts, r.Start.UnixNano())
	same := func(f float64, a, b *big.Int) bool {
		return new(big.Float).SetInt(new(big.Int).Sub(a, b)).Cmp(big.NewFloat(f)) == 0
	}
	if !same(r.Counts.Bad, after.Bad, before.Bad) || !same(r.Counts.Total, after.Total, before.Total) {
		p.Errorf("seed %d, %s, %s at %s: counted %+v, the events one by one are others", p.seed, in.ID, r.Window, now.Sub(began), r.Counts)
	}
}

func known(list []oracle.Increment, now int64) (out []oracle.Increment) {
	for _, i := range list {
		if i.To <= now {
			out = append(out, i)
		}
	}
	return out
}
