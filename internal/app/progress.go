package app

import (
	"context"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// asked is the sink of those who ask for samples.
func (a *App) asked() ingest.Sink {
	sink := a.sink(false)
	return ingest.SinkFunc(func(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
		batch.Asked = true
		return sink.Ingest(ctx, batch)
	})
}

// progress says, whenever it is asked, what the backends of a configuration do,
// for those who may not know where samples come from.
func (a *App) progress(c *config.Config) func() []api.Backend {
	known := map[string]config.Backend{} // no two have one name
	for _, kind := range serversOf(c) {
		for _, server := range kind.servers {
			known[server.Name] = server
		}
	}
	return func() []api.Backend {
		list := make([]api.Backend, 0, len(a.backends))
		for _, b := range a.backends {
			list = append(list, backendOf(b, known[b.Name()]))
		}
		return list
	}
}

// backendOf is a backend as the API shows it.
func backendOf(b *promapi.Backend, c config.Backend) api.Backend {
	s := b.Status()
	out := api.Backend{Name: s.Name, Language: b.Language(), URL: s.URL, MaxQueriesPerSecond: c.MaxQueriesPerSecond}
	if s.ClockKnown {
		out.ClockAhead = &s.ClockAhead
	}
	for _, p := range s.Polls {
		out.Polls = append(out.Polls, api.Poll{Queries: p.Selectors, SLOs: p.SLOs, Succeeded: p.Succeeded, Series: p.Series, Problem: p.Problem})
	}
	if c.NoBackfill {
		return out // what is not read has come nowhere
	}
	for _, p := range s.Pasts {
		out.Pasts = append(out.Pasts, api.Past{SLO: p.SLO, State: string(p.State), Share: p.Share, Reached: p.Reached, Problem: p.Problem})
	}
	return out
}
