package history

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// Keeper keeps a history for as long as the engine runs, and holds it up in
// nothing: opening reads the log of the last hours, which takes seconds, and
// where it cannot be opened it is tried again. Until then, queries are told
// that it is not ready (tsdb.ErrNotReady).
type Keeper struct {
	dir      string
	options  Options
	source   Source
	interval time.Duration

	live atomic.Pointer[Live] // nil while it is not open

	mu        sync.Mutex // guards receivers, and their use
	receivers RemoteWrite
}

// NewKeeper says where a history is kept, of what, and at which interval.
// Nothing happens before Run. An interval of 0 or less is an error.
func NewKeeper(dir string, source Source, interval time.Duration, options Options) (*Keeper, error) {
	if interval <= 0 {
		return nil, fmt.Errorf("keep history: interval %s: must be above 0", interval)
	}
	return &Keeper{dir: dir, options: options.withDefaults(), source: source, interval: interval}, nil
}

// Run opens, records and closes, until ctx ends. It returns what closing
// failed of; what fails before is logged.
func (k *Keeper) Run(ctx context.Context) error {
	store := k.open(ctx)
	if store == nil {
		return nil
	}
	k.live.Store(NewLive(store, k.source))
	if err := k.send(store); err != nil {
		k.options.Logger.Error("history is not sent on", "error", err)
	}
	err := store.Record(ctx, k.source, k.interval)
	k.live.Store(nil)
	if err != nil {
		return err
	}
	return store.Close()
}

// open opens the store, if not now then after an interval; nil when ctx ended
// before.
func (k *Keeper) open(ctx context.Context) *Store {
	for ctx.Err() == nil {
		store, err := Open(k.dir, k.options)
		if err == nil {
			return store
		}
		k.options.Logger.Error("there is no history; budgets and alerts are not affected", "error", err, "retry_in", k.interval)
		select {
		case <-ctx.Done():
		case <-time.After(k.interval):
		}
	}
	return nil
}

// SendTo has samples sent on, from now or from the opening on. See
// Store.SendTo.
func (k *Keeper) SendTo(receivers RemoteWrite) error {
	if err := receivers.check(); err != nil {
		return err
	}
	k.mu.Lock()
	k.receivers = receivers
	k.mu.Unlock()
	if live := k.live.Load(); live != nil {
		return k.send(live.Store)
	}
	return nil
}

// send applies the newest receivers, so that the opening and a change at the
// same time end with the same ones.
func (k *Keeper) send(store *Store) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return store.SendTo(k.receivers)
}

// Querier implements storage.Queryable, as Live does.
func (k *Keeper) Querier(mint, maxt int64) (storage.Querier, error) {
	if live := k.live.Load(); live != nil {
		return live.Querier(mint, maxt)
	}
	return nil, tsdb.ErrNotReady
}

// ChunkQuerier implements storage.ChunkQueryable.
func (k *Keeper) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	if live := k.live.Load(); live != nil {
		return live.ChunkQuerier(mint, maxt)
	}
	return nil, tsdb.ErrNotReady
}

// Metadata says what the metrics are that the source has now.
func (k *Keeper) Metadata() []scrape.MetricMetadata {
	if live := k.live.Load(); live != nil {
		return live.Metadata()
	}
	return nil
}
