package app

import (
	"context"
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/store/journal"
)

// openJournal opens the journal in the data folder.
func (a *App) openJournal(registry *prometheus.Registry) (err error) {
	interval := a.config.Storage.FsyncInterval
	if interval == 0 {
		interval = journal.FsyncAlways
	}
	a.journal, err = journal.Open(journal.Options{
		Dir: a.config.Storage.Path, FsyncInterval: interval,
		Logger: a.component("journal"), Registerer: registry,
	})
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	return nil
}

// kept is the journal as the engine needs it. It decides what a failing disk
// means to a sender: nothing. The journal says it loudly, by log and metric;
// the engine counts and alerts from memory and is whole again on disk with the
// next snapshot that succeeds.
type kept struct{ journal *journal.Journal }

// Recover implements engine.Journal.
func (k kept) Recover(snapshot func(io.Reader) error, record func([]byte) error) error {
	_, err := k.journal.Recover(snapshot, record)
	return err
}

// manyBytes is how much may wait for the disk before senders are asked to come
// again: half of what the journal takes, so that the last request fits.
const manyBytes = 32 << 20

// Busy implements engine.Journal. A disk that does not answer is no reason to
// refuse anything: the journal gives up when it is full, and we go on without.
func (k kept) Busy() bool {
	s := k.journal.Stats()
	return s.Healthy && !s.Stalled && s.QueueBytes > manyBytes
}

// Append implements engine.Journal.
func (k kept) Append(record []byte) (func(context.Context) error, error) {
	ticket, err := k.journal.Append(record)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := ticket.Wait(ctx); ctx.Err() != nil {
			return err
		}
		return nil
	}, nil
}

// Cut implements engine.Journal.
func (k kept) Cut() (func(context.Context, func(io.Writer) error) error, error) {
	cut, err := k.journal.Cut()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, save func(io.Writer) error) error {
		return k.journal.WriteSnapshot(ctx, cut, save)
	}, nil
}

// longLog is how much disk the log may take. How long a restart may read it is
// the engine's to say.
const longLog = 256 << 20

// Due implements engine.Journal.
func (k kept) Due() bool {
	s := k.journal.Stats()
	return s.BytesSinceSnapshot > longLog || !s.Healthy
}
