package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// document is one document and what is wrong with it.
type document struct {
	file     string
	number   int
	problems []slo.Problem
}

// documentsOf groups problems by the document they are about, in the order in
// which the documents are first named.
func documentsOf(problems []slo.Problem) []*document {
	type place struct {
		file   string
		number int
	}
	var documents []*document
	known := map[place]*document{}
	for _, p := range problems {
		at := place{p.File, p.Document}
		if known[at] == nil {
			known[at] = &document{file: p.File, number: p.Document}
			documents = append(documents, known[at])
		}
		known[at].problems = append(known[at].problems, p)
	}
	return documents
}

// quarantined are the documents that are not used.
func quarantined(s *engine.Snapshot) []*document {
	return slices.DeleteFunc(documentsOf(s.Problems), func(d *document) bool { return d.faults() == 0 })
}

// orphans are the quarantined documents that no instance speaks for.
func orphans(s *engine.Snapshot) []*document {
	return slices.DeleteFunc(quarantined(s), func(d *document) bool {
		return slices.ContainsFunc(s.Instances, func(in *engine.Instance) bool {
			return in.State == engine.StateError && d.holds(in.Spec.Origin)
		})
	})
}

func (d *document) holds(o slo.Origin) bool { return o.File == d.file && o.Document == d.number }

func (d *document) faults() int {
	n := 0
	for _, p := range d.problems {
		if p.Severity.Quarantines() {
			n++
		}
	}
	return n
}

// id is the SLO's "service:name" as far as it could be read.
func (d *document) id() string {
	for _, p := range d.problems {
		if p.SLO != "" {
			return p.SLO
		}
	}
	return ""
}

// text is the first fault, and how many more there are.
func (d *document) text() string {
	for _, p := range d.problems {
		if !p.Severity.Quarantines() {
			continue
		}
		text := p.String()
		if more := d.faults() - 1; more > 0 {
			text += fmt.Sprintf(" (and %d more)", more)
		}
		return text
	}
	return ""
}

// slo is the document as an entry of the list: nothing is known but what is
// wrong with it.
func (d *document) slo(at time.Time) apitypes.SLO {
	id := d.id()
	service, name, _ := strings.Cut(id, ":")
	return apitypes.SLO{
		ID: id, Service: service, Name: name,
		Group: map[string]string{}, Labels: map[string]string{},
		State: string(engine.StateError), Error: d.text(), Problems: problemViews(d.problems),
		BurnRates: map[string]*float64{}, Alerts: []apitypes.AlertStatus{},
		UpdatedAt: apitypes.Time{Time: at},
	}
}

func (d *document) detail(at time.Time) apitypes.Detail {
	return apitypes.Detail{SLO: d.slo(at), Windows: []apitypes.Reading{}, Pending: []string{}, Notices: []string{}, Traces: []apitypes.Trace{}}
}

func problemViews(problems []slo.Problem) []apitypes.DocumentProblem {
	views := make([]apitypes.DocumentProblem, 0, len(problems))
	for _, p := range problems {
		views = append(views, apitypes.DocumentProblem{
			Severity: p.Severity.String(),
			File:     p.File, Document: p.Document, Line: p.Line,
			Field: p.Field, Message: p.Message, Fix: p.Fix,
		})
	}
	return views
}

// explain adds what is wrong with the document that an instance stems from:
// its faults, or warnings where it is in use.
func explain(view *apitypes.SLO, s *engine.Snapshot, in *engine.Instance) {
	d := document{file: in.Spec.Origin.File, number: in.Spec.Origin.Document}
	for _, p := range s.Problems {
		if d.holds(p.Origin) {
			d.problems = append(d.problems, p)
		}
	}
	view.Problems = problemViews(d.problems)
	if in.State == engine.StateError {
		view.Error = d.text()
	}
}
