package audit

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// FileName is the file's name in its folder.
const FileName = "audit.jsonl"

// Kept is how many records, the newest ones, can be asked for; the others are
// in the file.
const Kept = 10_000

// Options say where records go.
type Options struct {
	// Dir is the folder of the file; it exists.
	Dir string
	// FS is the file system. nil: that of this machine.
	FS files.FS
	// Logger is told of lines that cannot be read. nil: nothing is logged.
	Logger *slog.Logger
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
	// Watch sees records once they are durable, in their order. It must not
	// block. nil: nobody does.
	Watch func([]Record)
}

// Log is the file. Its methods may be called by several goroutines.
type Log struct {
	options Options
	metrics *metrics

	mu sync.Mutex
	// file is written at its end; nil until the first record, and after a
	// failure: what a write or a sync that failed has left is not known.
	file files.File
	// good is how much of the file is known to be right, in bytes.
	good int64
	// unread: the file could not be read, and nothing is known of it.
	unread bool
	newest []Record
	latest map[subject]Record
}

// subject is what records are about.
type subject struct{ family, name string }

// Open reads what is there. A file that cannot be read is an error of Append,
// which tries again, and not of Open.
func Open(o Options) *Log {
	if o.FS == nil {
		o.FS = files.OS{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Watch == nil {
		o.Watch = func([]Record) {}
	}
	o.Logger = o.Logger.With("component", "audit")
	l := &Log{options: o, metrics: newMetrics(o.Registerer), latest: map[subject]Record{}}
	if err := l.read(); err != nil {
		l.metrics.failures.Inc()
		o.Logger.Error("the audit file cannot be read", "error", err)
	}
	return l
}

func (l *Log) path() string { return filepath.Join(l.options.Dir, FileName) }

// Append writes records in their order. It returns when they are durable; after
// an error none of them counts. No records: nothing is written.
func (l *Log) Append(records ...Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(records) == 0 {
		return nil
	}
	if err := l.append(records); err != nil {
		l.metrics.failures.Inc()
		return fmt.Errorf("write %s: %w", l.path(), err)
	}
	for _, r := range records {
		l.metrics.records.WithLabelValues(r.Kind).Inc()
		l.remember(r)
	}
	l.options.Watch(records)
	return nil
}

func (l *Log) append(records []Record) error {
	var text []byte
	for _, r := range records {
		line, err := r.line()
		if err != nil {
			return err
		}
		text = append(text, line...)
	}
	if l.unread {
		if err := l.read(); err != nil {
			return err
		}
	}
	if err := l.write(text); err != nil {
		return errors.Join(err, l.takeBack())
	}
	l.good += int64(len(text))
	return nil
}

func (l *Log) write(text []byte) error {
	if l.file == nil {
		return l.renew(text)
	}
	_, err := l.file.Write(text)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.drop())
	}
	return nil
}

// takeBack removes what a write that failed may have left. Where that fails
// too the next one does it.
func (l *Log) takeBack() error {
	if err := l.options.FS.Truncate(l.path(), l.good); err != nil && !missing(err) {
		return err
	}
	return nil
}

// drop lets the file alone.
func (l *Log) drop() error {
	err := l.file.Close()
	l.file = nil
	return err
}

// remember makes a record one that can be asked for.
func (l *Log) remember(r Record) {
	l.newest = append(l.newest, r)
	if len(l.newest) > 2*Kept {
		l.newest = slices.Clone(l.newest[len(l.newest)-Kept:])
	}
	l.latest[subject{r.family(), r.Subject}] = r
}

// Latest are the newest records of a family, by subject: "adjustment" has what
// last happened to each of them.
func (l *Log) Latest(family string) map[string]Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]Record{}
	for s, r := range l.latest {
		if s.family == family {
			out[s.name] = r
		}
	}
	return out
}

// Close closes the file.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	return l.drop()
}

// missing reports whether a file is not there, which is no fault.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
