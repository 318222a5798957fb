package api

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
)

// snapshot is the newest one, or why there is none.
func (a *api) snapshot() (*engine.Snapshot, error) {
	if s := a.Snapshot(); s != nil {
		return s, nil
	}
	return nil, fail(unavailable, "the engine is starting: no SLO has been evaluated yet; see /-/ready")
}

func (a *api) listSLOs(r *http.Request) (any, error) {
	f, err := parseFilter(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	s, err := a.snapshot()
	if err != nil {
		return nil, err
	}
	return sloList{s, f}, nil
}

// sloList writes an apitypes.SLOList one SLO after the other: a hundred
// thousand of them are never in memory at once.
type sloList struct {
	snapshot *engine.Snapshot
	filter   filter
}

func (l sloList) writeJSON(w io.Writer) error {
	separator := `{"slos":[`
	for view := range l.each {
		text, err := json.Marshal(view)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, separator); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
		separator = ",\n"
	}
	end := "]}\n"
	if separator[0] == '{' {
		end = separator + end
	}
	_, err := io.WriteString(w, end)
	return err
}

// each yields what the filter selects: instances by id, then the documents
// that are not used.
func (l sloList) each(yield func(apitypes.SLO) bool) {
	for _, in := range l.snapshot.Instances {
		if l.filter.instance(in) && !yield(l.entry(in)) {
			return
		}
	}
	for _, d := range orphans(l.snapshot) {
		if view := d.slo(l.snapshot.At); l.filter.document(view) && !yield(view) {
			return
		}
	}
}

func (l sloList) entry(in *engine.Instance) apitypes.SLO {
	view := sloOf(in, l.snapshot.At)
	if in.State == engine.StateError {
		explain(&view, l.snapshot, in)
	}
	return view
}

func (a *api) showSLO(r *http.Request) (any, error) {
	s, err := a.plainSnapshot(r)
	if err != nil {
		return nil, err
	}
	id := r.PathValue("id")
	if i, ok := slices.BinarySearchFunc(s.Instances, id, byID); ok {
		detail := detailOf(s.Instances[i], s.At)
		detail.Backfill = a.backfill(s.Instances[i].Spec.ID())
		explain(&detail.SLO, s, s.Instances[i])
		return detail, nil
	}
	for _, d := range quarantined(s) {
		if d.id() == id {
			return d.detail(s.At), nil
		}
	}
	return nil, noSLO(s, id)
}

func byID(in *engine.Instance, id string) int { return strings.Compare(in.ID, id) }

// plainSnapshot is the snapshot for a request that takes no parameters.
func (a *api) plainSnapshot(r *http.Request) (*engine.Snapshot, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	return a.snapshot()
}

// noSLO says where to find what was probably meant.
func noSLO(s *engine.Snapshot, id string) error {
	for _, in := range s.Instances {
		if in.Spec.ID() == id {
			return fail(missing, "SLO %q has a budget for each group and none of its own; "+
				"/api/v1/slos?service=%s&slo=%s lists them", id, in.Spec.Service, in.Spec.Name)
		}
	}
	return fail(missing, "there is no SLO %q; /api/v1/slos lists those there are", id)
}
