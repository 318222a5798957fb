package state_test

import (
	"fmt"
	"testing"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/test/lab"
)

// BenchmarkAction reserves an action and writes three of its moves, each with
// an entry of the audit: four syncs of the disk.
func BenchmarkAction(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) { benchmarkAction(b, file(b)) })
	b.Run("PostgreSQL", func(b *testing.B) { benchmarkAction(b, lab.StartPostgres(b).DSN) })
}

func benchmarkAction(b *testing.B, dsn string) {
	s := open(b, state.Options{DSN: dsn})
	entry := remediation.Entry{At: start, Who: "slo-engine", What: "moved", Service: "checkout", Data: []byte(`{"burn":14.4}`)}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		id := fmt.Sprint("action", n)
		r, err := s.Reserve(b.Context(), record(id, id), remediation.Limits{Now: start, MaxOpen: 1e9, MaxPerHour: 1e9}, entry)
		for _, state := range []remediation.State{remediation.Applying, remediation.Verifying, remediation.Contested} {
			if err != nil {
				b.Fatal(err)
			}
			r.State = state
			r, err = s.Update(b.Context(), r, entry)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
