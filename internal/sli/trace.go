package sli

import (
	"cmp"
	"encoding/hex"
	"slices"
)

// String is the trace's id as it is written everywhere: 32 hex digits.
func (t Trace) String() string { return hex.EncodeToString(t.ID[:]) }

// mostTraces is how many traces of bad events an instance keeps.
const mostTraces = 10

// NoticeSampled says that senders told of some events only: counts were scaled
// up from these.
const NoticeSampled Reason = "computed_from_samples"

// tell notes what a series says of its events besides their number.
func (s *series) tell(in *Series) {
	if len(in.Traces) == 0 && !in.Sampled {
		return
	}
	for b := s.bindings(); b != nil; b = b.next() {
		if in.Sampled {
			b.instance().notice(NoticeSampled)
		}
		// What a latency subtracts from are parts of histograms: these have no
		// traces, only what is told of spans has.
		if p := b.instance().program; b.weight().Bad > 0 && (!p.subtracts || p.Spec.SLI.Latency != nil) {
			b.instance().keep(in.Traces)
		}
	}
}

// keep takes traces of bad events in, in place of the oldest.
func (in *Instance) keep(traces []Trace) {
	for _, trace := range traces {
		if slices.ContainsFunc(in.traces, func(t Trace) bool { return t.ID == trace.ID }) {
			continue
		}
		at, _ := slices.BinarySearchFunc(in.traces, trace, func(a, b Trace) int { return cmp.Compare(a.Time, b.Time) })
		in.traces = slices.Insert(in.traces, at, trace)
	}
	in.traces = slices.Delete(in.traces, 0, max(0, len(in.traces)-mostTraces))
}

// Traces are traces of the newest bad events, the newest first; none where
// senders tell none, or where bad events are found by subtraction. They are
// forgotten over a restart.
func (in *Instance) Traces() []Trace {
	traces := slices.Clone(in.traces)
	slices.Reverse(traces)
	return traces
}
