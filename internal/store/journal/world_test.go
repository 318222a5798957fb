package journal

import (
	"flag"
	"fmt"
	"slices"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// scale multiplies the number of random scenarios; seed moves all of them.
var (
	scale = flag.Int("prove.scale", 1, "so many times as many random scenarios")
	seed  = flag.Uint64("prove.seed", 1, "where the seeds of the random scenarios begin")
)

// scenarios is how many random ones a test runs.
func scenarios(few, many int) int {
	if testing.Short() {
		return few
	}
	return many * *scale
}

// world is an engine over its lives: it counts each record, whatever becomes of
// it in the journal, and knows what it was promised.
type world struct {
	fs   *faulty.FS
	opts Options
	j    *Journal
	// engine is what it has counted; a restart leaves it what came back.
	engine state
	next   int
	// acked are the records of this life whose Wait returned nil.
	acked []int
}

func newWorld(fs *faulty.FS, o Options) *world {
	o.FS = fs
	return &world{fs: fs, opts: o, next: 1}
}

// begin starts a life, and checks what came back from the one before: only what
// was counted, in order; nothing silently missing before what came back.
func (w *world) begin() (Recovery, error) {
	before := w.engine.have
	w.acked = nil
	w.opts.FS = w.fs
	j, s, r, err := reopen(w.opts)
	if w.fs.Dead() { // what it made of that, nobody knows
		if j != nil {
			_ = shut(j)
		}
		return r, faulty.ErrDead
	}
	if err != nil {
		return r, err
	}
	w.j, w.engine = j, *s
	if !subsequence(s.have, before) {
		return r, fmt.Errorf("recovered %v of %v", s.have, before)
	}
	if hole := !isPrefix(s.have, before); hole && r.Gaps == 0 {
		return r, fmt.Errorf("recovered %v of %v, and no gap was told: %+v", s.have, before, r)
	}
	if len(s.have) > 0 {
		w.next = s.have[len(s.have)-1] + 1
	}
	return r, nil
}

// count counts records and puts them into the journal, whether or not it takes
// them.
func (w *world) count(records int) {
	for range records {
		n := w.next
		w.next++
		w.engine.have = append(w.engine.have, n)
		if w.j != nil && putOne(w.j, n) == nil {
			w.acked = append(w.acked, n)
		}
	}
}

func (w *world) snapshot() error {
	return snapshot(w.j, &state{slices.Clone(w.engine.have)})
}

// live is a life with all that happens in one; errors are the journal's to
// survive. It returns those that keep it from starting.
func (w *world) live() error {
	if _, err := w.begin(); err != nil {
		return err
	}
	w.count(15)
	_ = w.snapshot()
	w.count(25) // fills more than a segment
	_ = w.snapshot()
	w.count(5)
	_ = w.snapshot()
	w.count(5)
	return nil
}

func subsequence(part, whole []int) bool {
	for _, n := range whole {
		if len(part) > 0 && part[0] == n {
			part = part[1:]
		}
	}
	return len(part) == 0
}

func isPrefix(part, whole []int) bool {
	return len(part) <= len(whole) && slices.Equal(part, whole[:len(part)])
}
