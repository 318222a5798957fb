package engine

import (
	"bytes"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Tape is a journal in memory for those who play a core without an Engine, and
// want to see it restart: it holds a snapshot of the core and the records of
// what came after, as a data folder does. What is to be on it goes through it.
type Tape struct {
	core     *Core
	snapshot bytes.Buffer
	records  [][]byte
}

// NewTape begins with a snapshot of the core as it is now.
func NewTape(c *Core) (*Tape, error) {
	t := &Tape{core: c}
	return t, t.cut()
}

// cut makes a new snapshot, and forgets the records before it.
func (t *Tape) cut() error {
	t.snapshot.Reset()
	t.records = nil
	sections, instances := t.core.cut()
	for _, in := range instances {
		ledger, err := in.AppendLedgers([]byte{kindLedgers})
		if err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
		sections = append(sections, ledger)
	}
	for _, s := range append(sections, []byte{kindEnd}) {
		if err := writeSection(&t.snapshot, s); err != nil {
			return fmt.Errorf("write snapshot: %w", err)
		}
	}
	return nil
}

func (t *Tape) keep(record []byte) {
	if record != nil {
		t.records = append(t.records, bytes.Clone(record))
	}
}

// Ingest is Core.Ingest.
func (t *Tape) Ingest(batch *sli.Batch, now time.Time) sli.Receipt {
	receipt, record := t.core.ingestRecorded(batch, now)
	t.keep(record)
	return receipt
}

// Evaluate is Core.Evaluate.
func (t *Tape) Evaluate(now time.Time) *Snapshot {
	snapshot := t.core.Evaluate(now)
	t.keep(t.core.alertRecord())
	return snapshot
}

// Load is Core.Load. An engine writes a snapshot when SLOs were loaded, and so
// does a tape.
func (t *Tape) Load(programs []*sli.Program, problems []slo.Problem, now time.Time) error {
	t.core.Load(programs, problems, now)
	return t.cut()
}

// Restart is a core that begins with these SLOs and what is on the tape, as an
// engine does that was killed.
func (t *Tape) Restart(programs []*sli.Program, problems []slo.Problem, now time.Time) (*Core, error) {
	options := t.core.options
	options.Registerer = nil // the old one has it
	r := &recovery{core: newCore(options), log: options.Logger}
	r.load = func() { r.core.Load(programs, problems, now) }
	r.begin()
	if err := r.snapshot(bytes.NewReader(t.snapshot.Bytes())); err != nil {
		return nil, err
	}
	for _, record := range t.records {
		if err := r.record(record); err != nil {
			return nil, err
		}
	}
	if r.damaged > 0 {
		return nil, fmt.Errorf("replay the tape: %d of %d records cannot be read", r.damaged, len(t.records))
	}
	r.end(now)
	return r.core, nil
}
