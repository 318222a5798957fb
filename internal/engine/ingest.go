package engine

import (
	"context"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// routes say which shards count which metric names. Immutable.
type routes struct {
	byName map[string]uint64 // set of shards
	all    uint64            // shards with selectors that fix no name
}

func newRoutes(parts [][]*sli.Program) *routes {
	r := &routes{byName: map[string]uint64{}}
	for i, programs := range parts {
		for _, p := range programs {
			names, all := p.Names()
			for _, name := range names {
				r.byName[name] |= 1 << i
			}
			if all {
				r.all |= 1 << i
			}
		}
	}
	return r
}

func (r *routes) union(other *routes) *routes {
	u := &routes{byName: map[string]uint64{}, all: r.all | other.all}
	for _, m := range []map[string]uint64{r.byName, other.byName} {
		for name, shards := range m {
			u.byName[name] |= shards
		}
	}
	return u
}

// of is the set of shards that want a series.
func (r *routes) of(s *sli.Series) uint64 {
	name, raw := s.Names()
	return r.all | r.byName[name] | r.byName[raw]
}

// patience is how long a request waits for a place in a shard's queue before
// its sender is told to come back.
const patience = time.Second

// Ingest counts a batch. When it returns nil, every accepted point is counted;
// the receipt names what was not. The batch is not kept: once a shard may read
// it, Ingest waits for that shard whatever becomes of ctx.
func (e *Engine) Ingest(ctx context.Context, batch *sli.Batch) (sli.Receipt, error) {
	if err := e.begun(ctx); err != nil {
		return sli.Receipt{}, err
	}
	parts, points := e.split(batch)
	receipts := make([]sli.Receipt, len(e.shards))
	now := e.options.Now()
	done := make(chan struct{}, len(e.shards)) // room for all: no shard waits for us
	sent := 0
	var failed error
	for i, part := range parts {
		if len(part) == 0 {
			continue
		}
		s := e.shards[i]
		if failed = s.enqueue(ctx, e.stopped, func() {
			s.ingest(batch, part, now, &receipts[i])
			done <- struct{}{}
		}); failed != nil {
			break
		}
		sent++
	}
	if !received(done, sent, e.stopped) {
		return sli.Receipt{}, ErrStopped
	}
	if failed != nil {
		return sli.Receipt{}, failed
	}
	return e.total(receipts, points), nil
}

// split lists for each shard the series that it wants.
func (e *Engine) split(batch *sli.Batch) (parts [][]int32, points int) {
	routes := e.routes.Load()
	parts = make([][]int32, len(e.shards))
	for i := range batch.Series {
		points += len(batch.Series[i].Points)
		shards := routes.of(&batch.Series[i])
		for shard := 0; shards != 0; shard, shards = shard+1, shards>>1 {
			if shards&1 != 0 {
				parts[shard] = append(parts[shard], int32(i))
			}
		}
	}
	return parts, points
}

func (e *Engine) total(receipts []sli.Receipt, points int) sli.Receipt {
	var all sli.Receipt
	for _, r := range receipts {
		all.Merge(r)
	}
	all.Accepted = points
	for _, r := range all.Rejections {
		all.Accepted -= r.Points
		e.metrics.rejected.WithLabelValues(string(r.Reason)).Add(float64(r.Points))
	}
	all.Accepted = max(0, all.Accepted) // a point that two shards reject counts twice
	e.metrics.accepted.Add(float64(all.Accepted))
	return all
}
