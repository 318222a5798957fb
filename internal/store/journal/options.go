package journal

import (
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// FsyncAlways, as Options.FsyncInterval, syncs each write before anybody is
// told that it is there.
const FsyncAlways time.Duration = -1

// Options are what a journal needs. Only Dir must be given.
type Options struct {
	// Dir is the data folder. The journal makes its own two folders in it, and
	// leaves all others alone.
	Dir string
	// FS is where Dir is; nil means files.OS.
	FS files.FS
	// FsyncInterval is how long a written record may wait for its fsync: what
	// a power loss may take is this and the time of one fsync. 0 means 500 ms,
	// less than that means FsyncAlways.
	FsyncInterval time.Duration
	// SegmentBytes is the size at which a segment ends; 0 means 64 MiB. A
	// segment may be longer by one write.
	SegmentBytes int64
	// QueueBytes bounds what waits to be written; 0 means 64 MiB. Twice as
	// much memory may be in use, and a record that is longer than the bound is
	// taken when nothing else waits.
	QueueBytes int
	// StallAfter is how long the disk may take for one write before those who
	// wait for it are sent on with ErrStalled; 0 means 5 s. Since a write may
	// have to wait for the one before it, a Wait may take twice as long.
	StallAfter time.Duration
	// Logger is told of damage, failures and recovery; nil means nobody is.
	Logger *slog.Logger
	// Registerer takes the metrics slo_engine_journal_*; nil means they are
	// not registered.
	Registerer prometheus.Registerer
	// Now stamps files; nil means time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.FS == nil {
		o.FS = files.OS{}
	}
	o.FsyncInterval = orDefault(o.FsyncInterval, 500*time.Millisecond)
	o.SegmentBytes = orDefault(o.SegmentBytes, 64<<20)
	o.QueueBytes = orDefault(o.QueueBytes, 64<<20)
	o.StallAfter = orDefault(o.StallAfter, 5*time.Second)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.Logger = o.Logger.With("component", "journal")
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
