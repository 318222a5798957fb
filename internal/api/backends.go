package api

import (
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// Backend is a server that SLOs are read from, as it was at one time.
type Backend struct {
	Name string
	// Language is promql or logql.
	Language string
	// URL has no password.
	URL string
	// ClockAhead is by how much its clock is ahead of ours; nil: not known.
	ClockAhead *time.Duration
	// MaxQueriesPerSecond bounds what it is asked.
	MaxQueriesPerSecond float64
	Polls               []Poll
	// Pasts are those of its SLOs; none where the past is not read.
	Pasts []Past
}

// Poll is what a backend is asked again and again, for some SLOs, by id.
type Poll struct {
	Queries, SLOs []string
	Succeeded     time.Time // the last time; zero: never
	Series        int       // of the last answer
	Problem       string    // of the last answer; empty: none
}

// Past says how far the past of an SLO, by id, is read.
type Past struct {
	SLO string
	// State is pending, running, done or failed.
	State   string
	Share   float64   // of what was missing
	Reached time.Time // zero: nothing was read
	Problem string
}

func (a *api) listBackends(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	list := apitypes.BackendList{Backends: []apitypes.Backend{}}
	for _, b := range a.Backends() {
		list.Backends = append(list.Backends, backendOf(b))
	}
	return list, nil
}

func backendOf(b Backend) apitypes.Backend {
	view := apitypes.Backend{
		Name: b.Name, Language: b.Language, URL: b.URL, ClockAhead: apitypes.Seconds(b.ClockAhead),
		MaxQueriesPerSecond: apitypes.Number(b.MaxQueriesPerSecond), Polls: []apitypes.Poll{}, Pasts: []apitypes.Past{},
	}
	for _, p := range b.Polls {
		view.Polls = append(view.Polls, apitypes.Poll{
			Queries: listed(p.Queries), SLOs: listed(p.SLOs), LastSuccess: apitypes.Time{Time: p.Succeeded}, Series: p.Series, Problem: p.Problem,
		})
	}
	for _, p := range b.Pasts {
		view.Pasts = append(view.Pasts, apitypes.Past{SLOID: p.SLO, Backfill: *p.backfill()})
	}
	return view
}

func (p Past) backfill() *apitypes.Backfill {
	return &apitypes.Backfill{
		State: p.State, Share: apitypes.Number(p.Share), Reached: apitypes.Time{Time: p.Reached}, Problem: p.Problem,
	}
}

// backfill says how far the past of an SLO is read; nil if nobody reads it.
func (a *api) backfill(id string) *apitypes.Backfill {
	for _, b := range a.Backends() {
		for _, p := range b.Pasts {
			if p.SLO == id {
				return p.backfill()
			}
		}
	}
	return nil
}
