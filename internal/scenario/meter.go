package scenario

import (
	"math/big"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// streams are all series of a scenario, nothing of them sent.
func (s *Scenario) streams() []*stream {
	var list []*stream
	for _, loaded := range s.loaded {
		unsent := *loaded
		list = append(list, &unsent)
	}
	for _, m := range s.meters {
		for _, d := range m.dials() {
			list = append(list, d.stream(s.Start))
		}
	}
	return list
}

// spendOn counts the samples of a meter against the bound.
func (p *parse) spendOn(m *meter) {
	if len(m.phases) == 0 {
		return // it is faulty
	}
	if r := (&reader{}); !p.spend(r, int(m.end()/m.every+1)*len(m.dials())) {
		p.problem(0, 0, r.fault.Fix, "%s: %s", m.labels, r.fault.Message)
	}
}

// last is when the last sample arrives.
func (m *meter) last() time.Duration {
	late := time.Duration(0)
	for _, ph := range m.phases {
		late = max(late, ph.late)
	}
	return m.end() + late
}

// dials are all counters of a meter.
func (m *meter) dials() []dial {
	return append(m.counters(false), m.counters(true)...)
}

// dial is one counter of a meter: the events of one outcome, or those of them
// that fell into a bucket.
type dial struct {
	*meter
	labels labels.Labels
	failed bool
	bucket int // index into within; -1: all events
}

// counters are those of one outcome.
func (m *meter) counters(failed bool) []dial {
	outcome := m.good
	if failed {
		outcome = m.bad
	}
	name := m.labels.Get(labels.MetricName)
	with := func(name string, more ...labels.Label) labels.Labels {
		b := labels.NewBuilder(m.labels).Set(labels.MetricName, name).Set(outcome.Name, outcome.Value)
		for _, l := range more {
			b.Set(l.Name, l.Value)
		}
		return b.Labels()
	}
	within := m.phases[0].within
	if within == nil {
		return []dial{{m, with(name), failed, -1}}
	}
	var list []dial
	for i, b := range within {
		list = append(list, dial{m, with(name+"_bucket", labels.Label{Name: "le", Value: b.le}), failed, i})
	}
	return append(list,
		dial{m, with(name+"_bucket", labels.Label{Name: "le", Value: "+Inf"}), failed, -1},
		dial{m, with(name + "_count"), failed, -1})
}

// stream samples the counter from the first phase to the last. As in real
// processes a counter is not there before the first event of its outcome;
// only good ones are there from the beginning.
func (c dial) stream(start time.Time) *stream {
	out := newStream(c.labels)
	for at := c.phases[0].begin; at <= c.end(); at += c.every {
		ph := c.seen(at)
		if ph == nil {
			continue
		}
		if n, there := c.read(at); there {
			out.add(sli.Point{Time: start.Add(at).UnixNano(), Value: float64(n)}, ph.late)
		}
	}
	return out
}

// seen is the phase to which a sample belongs, nil where nobody looks. What
// ends a phase belongs to it, but for the very first sample.
func (m *meter) seen(at time.Duration) *phase {
	for i := range m.phases {
		ph := &m.phases[i]
		inside := at > ph.begin && at <= ph.begin+ph.length || i == 0 && at == ph.begin
		if inside && !ph.unseen {
			return ph
		}
	}
	return nil
}

// read is the counter's value at a time, and whether the counter is there.
func (c dial) read(at time.Duration) (value int64, there bool) {
	all := int64(0)
	for i, ph := range c.phases {
		if at < ph.begin || at == ph.begin && i > 0 {
			break
		}
		if ph.reset {
			value, all = 0, 0
		}
		n := ph.count(min(at-ph.begin, ph.length), c.failed)
		all += n
		value += ph.part(n, c.bucket)
	}
	return value, all > 0 || !c.failed
}

// count is how many events of an outcome a phase had after a while. Failed
// ones are a share of whole events, so that both only ever grow.
func (ph phase) count(after time.Duration, failed bool) int64 {
	n := whole(new(big.Rat).Mul(ph.rate, big.NewRat(int64(after), int64(time.Second))))
	bad := share(n, ph.errors)
	if failed {
		return bad
	}
	return n - bad
}

// part is how many of n events fell into a bucket.
func (ph phase) part(n int64, bucket int) int64 {
	if bucket < 0 {
		return n
	}
	return share(n, ph.within[bucket].share)
}

func share(n int64, of *big.Rat) int64 {
	return whole(new(big.Rat).Mul(of, new(big.Rat).SetInt64(n)))
}

// whole rounds down.
func whole(r *big.Rat) int64 { return new(big.Int).Quo(r.Num(), r.Denom()).Int64() }
