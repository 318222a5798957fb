package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Adjustment is a BudgetAdjustment document in force.
type Adjustment struct {
	*slo.Adjustment
	// SLOs are the ids of those it selects, or of which it may select groups,
	// sorted.
	SLOs []string
}

// How far around now the spans of an adjustment are shown.
const (
	spansBefore = 90 * 24 * time.Hour
	spansAfter  = 30 * 24 * time.Hour
)

func (a *api) listAdjustments(r *http.Request) (any, error) {
	s, err := a.plainSnapshot(r)
	if err != nil {
		return nil, err
	}
	list := apitypes.AdjustmentList{Adjustments: []apitypes.Adjustment{}}
	for _, adjustment := range a.Adjustments() {
		list.Adjustments = append(list.Adjustments, adjustmentOf(adjustment, s.At))
	}
	return list, nil
}

func adjustmentOf(a Adjustment, at time.Time) apitypes.Adjustment {
	view := apitypes.Adjustment{
		Name: a.Name, Reason: a.Reason, Schedule: a.When(), Select: []string{}, Spans: []apitypes.Span{}, SLOs: listed(a.SLOs),
		Origin: apitypes.Origin{File: a.Origin.File, Document: a.Origin.Document, Line: a.Origin.Line},
	}
	for _, m := range a.Select {
		view.Select = append(view.Select, m.String())
	}
	spans := a.Adjustment.Spans(at.Add(-spansBefore), at.Add(spansAfter))
	view.Active = slices.ContainsFunc(spans, func(s slo.Span) bool { return s.Holds(at) })
	for _, s := range spans {
		view.Spans = append(view.Spans, apitypes.Span{From: apitypes.Time{Time: s.From}, To: apitypes.Time{Time: s.To}})
	}
	return view
}
