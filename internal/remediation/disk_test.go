package remediation_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/state"
)

// The same with what is really kept: each process opens the file anew, and one
// that died has closed nothing in order.
func TestKilledOnDisk(t *testing.T) {
	t.Parallel()
	full := newWorld(t)
	full.faulty = []span{{5 * time.Second, 20 * time.Second}}
	e := full.engine(t, "a", 0, false)
	e.runOut(t, 3*time.Minute)
	for dieAt := 1; dieAt <= e.calls; dieAt++ {
		w := newWorld(t)
		w.faulty = full.faulty
		path := filepath.Join(t.TempDir(), "state.db")
		first := onDisk(t, path)
		w.store = first
		w.engine(t, "a", dieAt, dieAt%2 == 0).runOut(t, 2*time.Minute)
		w.store = onDisk(t, path)
		w.engine(t, "a", 0, false).runOut(t, 4*time.Minute)
		name := fmt.Sprintf("killed at call %d", dieAt)
		sound(t, w, name)
		if chain, err := w.store.(*state.Store).Verify(t.Context()); err != nil || chain.Entries == 0 {
			t.Errorf("%s: the audit: %+v, %v", name, chain, err)
		}
	}
}
