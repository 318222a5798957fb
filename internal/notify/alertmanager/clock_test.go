package alertmanager

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A clock that is set back makes neither an alert end, nor its end begin,
// before it began: Alertmanager refuses such alerts.
func TestNoEndBeforeTheBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back atomic.Int64
		clock := func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}, Now: clock})
		defer stop()
		began := clock()
		a := page("availability", began)
		d.Put(clock(), a)
		synctest.Wait()
		am.taken()

		back.Store(int64(time.Hour))
		pass(3 * time.Minute)
		got := am.taken()
		if len(got) < 3 {
			t.Errorf("resent %d times in three minutes", len(got))
		}
		for _, s := range got {
			if o := s.batch[0]; !o.StartsAt.Equal(began) || !o.EndsAt.After(o.StartsAt) {
				t.Errorf("sent as of %s until %s, want as of %s", o.StartsAt, o.EndsAt, began)
			}
		}

		end := clock()
		d.Put(end, resolved(a, end))
		synctest.Wait()
		for _, s := range am.taken() {
			if o := s.batch[0]; o.EndsAt.Before(o.StartsAt) || o.EndsAt.After(clock()) {
				t.Errorf("at %s the resolve says from %s to %s", clock(), o.StartsAt, o.EndsAt)
			}
		}
	})
}
