package api

import (
	"cmp"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// detailOf is an instance with all that is known about it.
func detailOf(in *engine.Instance, at time.Time) apitypes.Detail {
	detail := apitypes.Detail{
		SLO:        sloOf(in, at),
		Windows:    readingsOf(in),
		Pending:    listed(in.Pending),
		Notices:    listed(in.Notices),
		Traces:     tracesOf(in.Traces),
		LastSample: apitypes.Time{Time: in.LastSample},
		Spec:       specOf(in.Spec),
	}
	if sampled(in) {
		since := countsOf(in.Since)
		detail.SinceStart = &since
	}
	if in.Spec.SLI.Latency != nil || in.UncertainInPeriod != 0 {
		detail.SLILower = compliance(in.Period.Counts, 0)
		detail.SLIUpper = compliance(in.Period.Counts, in.UncertainInPeriod)
	}
	if in.Interval > 0 {
		detail.SampleInterval = apitypes.Seconds(&in.Interval)
	}
	return detail
}

// readingsOf lists the windows from the shortest, then the SLO window.
func readingsOf(in *engine.Instance) []apitypes.Reading {
	windows := slices.SortedStableFunc(slices.Values(in.Windows), func(a, b engine.Reading) int {
		return cmp.Compare(a.Window, b.Window)
	})
	views := make([]apitypes.Reading, 0, len(windows)+1)
	for _, r := range windows {
		views = append(views, readingOf(r, slo.FormatDuration(r.Window)))
	}
	return append(views, readingOf(in.Period, in.Spec.Window.String()))
}

func readingOf(r engine.Reading, window string) apitypes.Reading {
	return apitypes.Reading{
		Window:      window,
		Counts:      countsOf(r.Counts),
		WindowStart: apitypes.Time{Time: r.Start},
		WindowEnd:   apitypes.Time{Time: r.End},
		Coverage:    apitypes.Number(r.Coverage),
		BurnRate:    apitypes.Optional(r.Burn),
	}
}

func specOf(s *slo.Spec) *apitypes.Spec {
	return &apitypes.Spec{
		Description: s.Description,
		Objective:   s.Objective.String(), Window: s.Window.String(),
		SLI:     sliOf(s.SLI),
		GroupBy: listed(s.GroupBy), MaxGroups: s.MaxGroups,
		AlertingDisabled: s.Alerting.Disabled,
		Origin:           apitypes.Origin{File: s.Origin.File, Document: s.Origin.Document, Line: s.Origin.Line},
	}
}

func sliOf(s slo.SLI) apitypes.SLI {
	view := apitypes.SLI{Spans: spansOf(s.Spans), Logs: logsOf(s.Logs)}
	if s.Ratio != nil {
		view.Ratio = (*apitypes.Ratio)(s.Ratio)
	}
	if l := s.Latency; l != nil {
		view.Latency = &apitypes.Latency{Histogram: l.Histogram, Below: slo.FormatDuration(l.Below), Errors: l.Errors}
	}
	if t := s.Threshold; t != nil {
		view.Threshold = &apitypes.Threshold{
			Metric: t.Metric, Above: t.Above, Below: t.Below, Slice: slo.FormatDuration(t.Slice),
		}
	}
	if q := s.Query; q != nil {
		asked := &apitypes.Query{Ratio: apitypes.Ratio(q.Ratio), Step: slo.FormatDuration(q.Step)}
		if q.Language == slo.LogQL {
			view.LogQL = asked
		} else {
			view.PromQL = asked
		}
	}
	return view
}

func spansOf(s *slo.Spans) *apitypes.Spans {
	if s == nil {
		return nil
	}
	view := apitypes.Spans{Service: s.Service, Name: s.Name, Kind: s.Kind, Attributes: s.Attributes, Bad: s.Bad, Ignore: s.Ignore}
	if s.SlowerThan > 0 {
		view.SlowerThan = slo.FormatDuration(s.SlowerThan)
	}
	return &view
}

func logsOf(l *slo.Logs) *apitypes.Logs {
	if l == nil {
		return nil
	}
	return &apitypes.Logs{Service: l.Service, Of: selectionOf(l.Of), Bad: selectionOf(l.Bad), Ignore: selectionOf(l.Ignore)}
}

// selectionOf is nil for one that says nothing.
func selectionOf(s slo.LogSelection) *apitypes.LogSelection {
	if s.Severity == "" && len(s.Attributes) == 0 && s.Body == "" {
		return nil
	}
	view := apitypes.LogSelection(s)
	return &view
}

func tracesOf(traces []engine.Trace) []apitypes.Trace {
	list := make([]apitypes.Trace, 0, len(traces))
	for _, t := range traces {
		list = append(list, apitypes.Trace{TraceID: t.ID, At: apitypes.Time{Time: t.At}})
	}
	return list
}
