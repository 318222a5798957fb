package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What a core keeps on disk, and how it goes on from there. Records and the
// sections of a snapshot begin with a byte that says what they are.
const (
	kindBatch   byte = iota + 1 // a batch that was counted: sli.Tracker.Replay
	kindAlerts                  // alert states that changed
	kindLoad                    // SLOs were loaded: sli.Tracker.ReplayLoad
	kindState                   // of a snapshot: sli.Tracker.Restore
	kindLedgers                 // of a snapshot: sli.Tracker.RestoreLedgers
	kindEnd                     // of a snapshot
)

// maxSection bounds a section that a reader makes room for.
const maxSection = 4 << 30

// ingestRecorded is Ingest, and returns the record to be kept, nil if there is
// none. It is good until the next call.
func (c *Core) ingestRecorded(batch *sli.Batch, now time.Time) (sli.Receipt, []byte) {
	var receipt sli.Receipt
	points, kept := c.tracker.IngestRecorded(append(c.scratch[:0], kindBatch), batch, now, &receipt)
	if kept != nil {
		c.scratch = kept
	}
	return c.accept(receipt, points), kept
}

// alertRecord is the record of the alert states that changed; nil if none did.
func (c *Core) alertRecord() []byte {
	if len(c.Changed()) == 0 {
		return nil
	}
	w := wire.Writer{kindAlerts}
	writeAlerts(&w, c.Changed())
	return w
}

func writeAlerts(w *wire.Writer, list []AlertRecord) {
	w.Uint(uint64(len(list)))
	for _, r := range list {
		w.String(r.ID)
		w.Bytes(r.State)
	}
}

// cut is the state at this moment, as sections: everything but the ledgers.
// Records are counted from here.
func (c *Core) cut() (sections [][]byte, instances []*sli.Instance) {
	w := wire.Writer{kindAlerts}
	writeAlerts(&w, c.Remembered())
	return [][]byte{c.tracker.Cut([]byte{kindState}), w}, c.tracker.Instances()
}

// recovery puts a core together from what was kept.
type recovery struct {
	core      *Core
	instances map[string]*sli.Instance
	alerts    map[string][]byte
	began     bool
	load      func()
	log       *slog.Logger
	damaged   int // records that could not be read
}

// snapshot reads a snapshot, beginning from nothing.
func (r *recovery) snapshot(from io.Reader) error {
	if r.began { // an older one, after one that could not be read
		r.begin()
	}
	r.began = true
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		section, err := readSection(in)
		if err != nil {
			return fmt.Errorf("read snapshot: %w", err)
		}
		switch kind, body := section[0], section[1:]; kind {
		case kindState:
			err = r.core.tracker.Restore(body)
			for _, instance := range r.core.tracker.Instances() {
				r.instances[instance.ID] = instance
			}
		case kindAlerts:
			err = r.remember(body)
		case kindLedgers:
			err = r.core.tracker.RestoreLedgers(body, r.instances)
		case kindEnd:
			return nil
		default:
			err = fmt.Errorf("section of kind %d is not known", kind)
		}
		if err != nil {
			return fmt.Errorf("read snapshot: %w", err)
		}
	}
}

func (r *recovery) begin() {
	r.core.reset()
	r.instances, r.alerts = map[string]*sli.Instance{}, map[string][]byte{}
	r.load()
}

// record replays one record. One that cannot be read costs what it held, and
// nothing else.
func (r *recovery) record(kept []byte) error {
	var err error
	switch kind, body := kept[0], kept[1:]; kind {
	case kindBatch:
		err = r.core.tracker.Replay(body)
	case kindAlerts:
		err = r.remember(body)
	case kindLoad:
		err = r.core.tracker.ReplayLoad(body)
	case kindPast:
		err = r.core.tracker.ReplayPast(body)
	default:
		err = fmt.Errorf("record of kind %d is not known", kind)
	}
	if err != nil {
		if r.damaged++; r.damaged == 1 {
			r.log.Error("a record cannot be replayed, what it held is lost", "error", err)
		}
	}
	return nil
}

func (r *recovery) remember(body []byte) error {
	in := wire.NewReader(body)
	for range in.Count() {
		id, state := in.String(), in.Bytes()
		if in.Err() == nil {
			r.alerts[id] = append([]byte(nil), state...)
		}
	}
	return in.Err()
}

// end goes over to counting what is new.
func (r *recovery) end(now time.Time) {
	r.core.tracker.Recovered(now)
	for id, state := range r.alerts {
		if len(state) == 0 {
			continue
		}
		if err := r.core.Recall(id, state); err != nil {
			r.log.Error("alert state is not taken over", "error", err)
		}
	}
}

func writeSection(w io.Writer, section []byte) error {
	if _, err := w.Write(binary.AppendUvarint(nil, uint64(len(section)))); err != nil {
		return err
	}
	_, err := w.Write(section)
	return err
}

var errSection = errors.New("section of an impossible size")

func readSection(r *bufio.Reader) ([]byte, error) {
	size, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if size == 0 || size > maxSection {
		return nil, errSection
	}
	section := make([]byte, size)
	_, err = io.ReadFull(r, section)
	return section, err
}

// Journal keeps records and snapshots. Its methods do not wait for a disk but
// where they say so.
type Journal interface {
	// Recover hands over the newest snapshot, or an older one if that cannot
	// be read, and then the records after it.
	Recover(snapshot func(io.Reader) error, record func([]byte) error) error
	// Busy says that too much waits to be kept: nothing more should come.
	Busy() bool
	// Append takes a copy of a record; wait waits until it is kept. An error
	// means that it cannot be.
	Append(record []byte) (wait func(context.Context) error, err error)
	// Cut marks a place between two records; save writes the snapshot of it,
	// which may take long. It fails unless all records up to its end are
	// kept, for the snapshot may hold what they say.
	Cut() (save func(context.Context, func(io.Writer) error) error, err error)
	// Due says that it is time for a snapshot: records have piled up, or some
	// could not be kept.
	Due() bool
}

// Recover loads the SLOs and goes on where the journal ends. It is called once
// and before Run.
func (e *Engine) Recover(programs []*sli.Program, problems []slo.Problem) error {
	begun := time.Now()
	r := &recovery{core: e.core, log: e.options.Logger, load: func() {
		e.core.Load(programs, problems, e.options.Now())
	}}
	r.begin()
	if e.options.Journal == nil {
		return nil
	}
	if err := e.options.Journal.Recover(r.snapshot, r.record); err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	r.end(e.options.Now())
	e.keep(e.core.tracker.AppendLoad([]byte{kindLoad}))
	took := time.Since(begun)
	e.core.metrics.recovery.Set(took.Seconds())
	e.options.Logger.Info("recovered", "instances", len(e.core.tracker.Instances()),
		"series", e.core.tracker.Known(), "damaged_records", r.damaged, "took", took)
	return nil
}

// keep hands a record to the journal. When nothing can be kept there is
// nothing to wait for: a full disk must not blind anybody. Then the journal has
// a hole, until the next snapshot.
func (e *Engine) keep(record []byte) (wait func(context.Context) error) {
	if e.options.Journal == nil || record == nil {
		return nil
	}
	wait, err := e.options.Journal.Append(record)
	if err != nil {
		if e.mark.lost++; e.mark.lost == e.cutLost+1 { // the first since the last cut
			e.options.Logger.Error("what is counted is not kept until the next snapshot", "error", err)
		}
		e.askSnapshot()
	}
	return wait
}

// askSnapshot asks for a snapshot soon.
func (e *Engine) askSnapshot() {
	select {
	case e.wanted <- struct{}{}:
	default: // somebody has asked already
	}
}

// snapshotEvery is how old a snapshot grows when little happens; retryAfter is
// the pause after one that failed.
//
// A restart counts again what came after the snapshot, which takes about as
// long as it took the first time: longRecount is when there is one for that,
// unless snapshots take so long themselves that they would be most of what we
// do. The last one before a stop is written unless the next start takes no more
// than shortRecount, within the time that a supervisor leaves.
const (
	snapshotEvery      = 5 * time.Minute
	retryAfter         = 5 * time.Second
	lookEvery          = time.Second
	longRecount        = 2 * time.Second
	recountPerSnapshot = 4
	shortRecount       = 100 * time.Millisecond
	lastSnapshotWithin = 10 * time.Second
)

// snapshots writes one after a load, when the journal asks for it, and now and
// then.
func (e *Engine) snapshots(ctx context.Context) {
	if e.options.Journal == nil {
		return
	}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	var last, failed time.Time
	var took time.Duration
	for due := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-e.wanted:
			due = true
		case <-look.C:
		}
		due = due || time.Since(last) >= snapshotEvery || e.options.Journal.Due() ||
			time.Duration(e.recount.Load()) > max(longRecount, recountPerSnapshot*took)
		if !due || time.Since(failed) < retryAfter {
			continue
		}
		begun := time.Now()
		if err := e.saveSnapshot(ctx); err != nil {
			if errors.Is(err, errLoaded) {
				continue
			}
			failed = time.Now()
			if ctx.Err() == nil {
				e.options.Logger.Error("snapshot failed, trying again soon", "error", err)
			}
			continue
		}
		last, due = time.Now(), false
		took = last.Sub(begun)
	}
}

// lastSnapshot writes one before a stop, if the next start would miss it.
func (e *Engine) lastSnapshot(ctx context.Context) {
	if time.Duration(e.recount.Load()) <= shortRecount {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastSnapshotWithin)
	defer cancel()
	if err := e.saveSnapshot(ctx); err != nil {
		e.options.Logger.Warn("no snapshot before the stop: the next start reads the log instead", "error", err)
	}
}

// saveSnapshot writes the state of one moment, and then ledger by ledger while
// the owner goes on counting.
func (e *Engine) saveSnapshot(ctx context.Context) error {
	var sections [][]byte
	var instances []*sli.Instance
	var save func(context.Context, func(io.Writer) error) error
	var mark mark
	var recount int64
	var err error
	if !e.do(ctx.Done(), func() {
		if save, err = e.options.Journal.Cut(); err == nil {
			sections, instances = e.core.cut()
			mark, e.cutLost = e.mark, e.mark.lost
			recount = e.recount.Swap(0)
		}
	}) {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	err = save(ctx, func(w io.Writer) error {
		for _, s := range sections {
			if err := writeSection(w, s); err != nil {
				return err
			}
		}
		for len(instances) > 0 {
			n := min(ledgersAtOnce, len(instances))
			if err := e.saveLedgers(ctx, w, instances[:n], mark); err != nil {
				return err
			}
			instances = instances[n:]
		}
		return writeSection(w, []byte{kindEnd})
	})
	if err != nil { // it spelt series out, in vain
		e.recount.Add(recount)
		e.do(ctx.Done(), e.core.tracker.Edition)
	}
	return err
}

// mark counts what a snapshot must not meet on its way.
type mark struct {
	lost  uint64 // records that the journal did not take
	loads uint64 // loads: an instance may count no more
}

// ledgersAtOnce is how many ledgers the owner writes between two samples: some
// two milliseconds of work.
const ledgersAtOnce = 32

// errHole says that a record was lost after the cut: a ledger that knows of it
// must not be put together with counters that do not. errLoaded is no fault:
// the next snapshot comes at once.
var (
	errHole   = errors.New("a record was lost meanwhile")
	errLoaded = errors.New("SLOs were loaded meanwhile")
)

func (e *Engine) saveLedgers(ctx context.Context, w io.Writer, instances []*sli.Instance, cut mark) error {
	sections := make([][]byte, len(instances))
	var err error
	if !e.do(ctx.Done(), func() {
		switch {
		case e.mark.lost != cut.lost:
			err = errHole
			return
		case e.mark.loads != cut.loads:
			err = errLoaded
			return
		}
		for i, in := range instances {
			if sections[i], err = in.AppendLedgers([]byte{kindLedgers}); err != nil {
				return
			}
		}
	}) {
		return ctx.Err()
	}
	for _, s := range sections {
		if err == nil {
			err = writeSection(w, s)
		}
	}
	return err
}
