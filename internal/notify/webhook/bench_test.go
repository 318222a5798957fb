package webhook_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// BenchmarkAlert is what a transition costs the engine's tick.
func BenchmarkAlert(b *testing.B) {
	r, s := newReceiver(b, nil), memory()
	o := options(s, to("hook", r))
	o.Leads = func() bool { return false } // so that the queue is emptied at once
	d, _ := run(b, o)
	a := burn("checkout:availability", alerts.Critical, "page_fast", noon)
	for b.Loop() {
		tell(d, noon, alerts.Fired, a)
	}
}

// BenchmarkStorm has ten thousand alerts begin at once: how long until a
// receiver has heard of all of them.
func BenchmarkStorm(b *testing.B) {
	const storm = 10_000
	for b.Loop() {
		s, err := state.Open(b.Context(), state.Options{DSN: filepath.Join(b.TempDir(), "state.db")})
		if err != nil {
			b.Fatal(err)
		}
		r := newReceiver(b, nil)
		d, stop := run(b, options(s, to("hook", r)))
		for i := range storm {
			tell(d, noon, alerts.Fired, burn(fmt.Sprintf("s%05d:a", i), alerts.Critical, "page_fast", noon))
		}
		eventually(b, func() bool { return r.count() >= storm })
		stop()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
