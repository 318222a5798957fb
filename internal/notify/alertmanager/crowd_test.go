package alertmanager

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// crowd is many alerts that fire at once.
func crowd(n int, at time.Time) (batch []alerts.Alert, names []string) {
	for i := range n {
		name := fmt.Sprintf("slo-%02d", i)
		batch, names = append(batch, page(name, at)), append(names, name)
	}
	return batch, names
}

// heard are the SLOs that requests were about.
func heard(requests []sent) (names []string) {
	for _, s := range requests {
		for _, o := range s.batch {
			names = append(names, o.Labels["slo"])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// More alerts fire at once than the queue takes: none is dropped on its way to
// an Alertmanager that is well, and each is resent.
func TestMoreAtOnceThanTheQueueTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewPedanticRegistry()
		am := &recorder{name: "am"}
		d, stop := start(t, Options{Senders: []Sender{am}, QueueCapacity: 10, Registerer: reg})
		defer stop()
		batch, want := crowd(25, time.Now())
		d.Put(time.Now(), batch...)
		pass(10 * time.Second)
		if got := heard(am.taken()); !slices.Equal(got, want) {
			t.Errorf("within ten seconds it heard of %v, want %v", got, want)
		}
		for range 3 {
			pass(time.Minute)
			if got := heard(am.taken()); !slices.Equal(got, want) {
				t.Errorf("within a minute it heard again of %v, want %v", got, want)
			}
		}
		if n := testutil.ToFloat64(d.metrics.dropped.WithLabelValues("am")); n != 0 {
			t.Errorf("%v alerts were dropped", n)
		}
	})
}

// What the queue had to drop while an Alertmanager was away it hears of within
// a resend interval of its recovery.
func TestDroppedAlertsComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		am := &recorder{name: "am", fail: down}
		d, stop := start(t, Options{Senders: []Sender{am}, QueueCapacity: 10})
		defer stop()
		batch, want := crowd(25, time.Now())
		d.Put(time.Now(), batch...)
		pass(10 * time.Minute)
		if n := d.lanes[0].queue.len(); n != 10 {
			t.Errorf("%d alerts wait, want the 10 that may", n)
		}
		if n := testutil.ToFloat64(d.metrics.dropped.WithLabelValues("am")); n < 15 {
			t.Errorf("%v alerts were dropped, want at least 15", n)
		}
		am.failWith(nil)
		pass(backoffMost + time.Minute + 10*time.Second)
		if got := heard(am.taken()); !slices.Equal(got, want) {
			t.Errorf("after its recovery it heard of %v, want %v", got, want)
		}
	})
}
