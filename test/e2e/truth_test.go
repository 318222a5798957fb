package e2e

import (
	"context"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/test/lab"
)

// The truth about an SLO, computed from the samples that a Prometheus has
// stored and from nothing of the engine: an increment lands whole at its
// sample, a drop is a reset, a series that was not in its family's first
// sample set counts from zero.

// landed is what one sample added to an SLO.
type landed struct {
	at         model.Time // ms
	bad, total float64
}

// events are the events of one SLO, in no order.
type events []landed

// between counts the events in (start, end].
func (es events) between(start, end model.Time) tally {
	var t tally
	for _, e := range es {
		if start < e.at && e.at <= end {
			t.good += e.total - e.bad
			t.total += e.total
		}
	}
	return t
}

// weight is what one event of a series is to an SLO.
type weight struct{ bad, total float64 }

// part is one metric of an SLO. weigh gives a series' weight by its labels;
// zero if the SLO does not select it.
type part struct {
	metric string
	weigh  func(model.Metric) weight
}

// truth computes the events of an SLO from stored samples.
type truth func(ctx context.Context, from source) (events, error)

// source is a Prometheus that came after the engine and scrapes itself.
type source struct {
	*lab.Prometheus
	// tellsStarts: it sends when counters began. Its own then count from
	// zero, although their whole family is new; the target is older than the
	// engine.
	tellsStarts bool
}

// knowsAll reports whether nothing of a job's counters is from before the
// engine watched.
func (s source) knowsAll(job model.LabelValue) bool { return s.tellsStarts && job == "prometheus" }

// of counts the increments of some metrics.
func of(parts ...part) truth {
	return func(ctx context.Context, from source) (events, error) {
		var all events
		for _, p := range parts {
			streams, err := stored(ctx, from.Prometheus, p.metric)
			if err != nil {
				return nil, err
			}
			all = append(all, p.events(streams, from)...)
		}
		return all, nil
	}
}

// stored returns all samples of a metric; stale markers are no samples.
func stored(ctx context.Context, prom *lab.Prometheus, metric string) (model.Matrix, error) {
	return prom.QueryRangeSamples(ctx, metric, time.Hour, time.Time{})
}

func (p part) events(streams model.Matrix, from source) events {
	firsts := map[string]model.Time{}
	for _, s := range streams {
		first := samplesOf(s, nil)[0].at
		if known, ok := firsts[targetOf(s)]; !ok || first < known {
			firsts[targetOf(s)] = first
		}
	}
	var es events
	for _, s := range streams {
		w := p.weigh(s.Metric)
		if w == (weight{}) {
			continue
		}
		family := firsts[targetOf(s)]
		if from.knowsAll(s.Metric["job"]) {
			family = 0
		}
		for _, i := range increments(samplesOf(s, nil), family) {
			es = append(es, landed{i.at, w.bad * i.value, w.total * i.value})
		}
	}
	return es
}

func targetOf(s *model.SampleStream) string {
	return string(s.Metric["job"] + "\xff" + s.Metric["instance"])
}

// stamped is one value of a counter.
type stamped struct {
	at    model.Time
	value float64
}

// samplesOf reads a stream of floats, or with count one of histograms.
func samplesOf(s *model.SampleStream, count func(*model.SampleHistogram) float64) []stamped {
	var list []stamped
	for _, v := range s.Values {
		list = append(list, stamped{v.Timestamp, float64(v.Value)})
	}
	for _, h := range s.Histograms {
		v := 0.0
		if count != nil {
			v = count(h.Histogram)
		}
		list = append(list, stamped{h.Timestamp, v})
	}
	return list
}

// increments is what each sample of a counter added, given when its family
// was first seen; 0 if it is known from its beginning.
func increments(samples []stamped, family model.Time) []stamped {
	var list []stamped
	last := 0.0
	if samples[0].at == family {
		last = samples[0].value // nobody knows what it counted before
	}
	for _, s := range samples {
		added := s.value - last
		if added < 0 {
			added = s.value
		}
		if last = s.value; added != 0 {
			list = append(list, stamped{s.at, added})
		}
	}
	return list
}
