package crash

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/prompb"
)

const (
	users    = 5200   // with a page and a ticket each
	mostWait = 10_000 // alerts of one Alertmanager, the rest is dropped
	// slowly is slow enough for a busy machine to tell all alerts twice meanwhile.
	slowly = time.Minute
	// manyWithin is generous: the pagers of a busy machine take long to read
	// eighteen thousand alerts.
	manyWithin = 5 * time.Minute
	manyUsers  = `
apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: logins}
spec:
  service: accounts
  objective: 99.9%
  window: 6h
  groupBy: [user]
  maxGroups: 10000
  sli: {ratio: {total: logins_total, bad: 'logins_total{code="500"}'}}
`
)

// failingUsers is a request in which so many logins of every user have failed.
func failingUsers(t *testing.T, failed float64) []byte {
	now := time.Now().UnixMilli()
	req := &prompb.WriteRequest{}
	for i := range users {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{Labels: []prompb.Label{{Name: "__name__", Value: "logins_total"},
			{Name: "code", Value: "500"}, {Name: "instance", Value: instance}, {Name: "job", Value: "accounts"}, {Name: "user", Value: fmt.Sprint(i)},
		}, Samples: []prompb.Sample{{Timestamp: now, Value: failed}}})
	}
	data, err := req.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return snappy.Encode(nil, data)
}

// While a pager is down more alerts fire than may wait for it. What has no
// place is dropped and counted; the pager beside it gets everything, and the
// one that was down too, soon after it has recovered.
func TestMoreAlertsThanMayWait(t *testing.T) {
	t.Parallel()
	c := &trial{illness: illness{name: "is down"}, first: newPager(t), well: newPager(t)}
	c.site = newSite(t, manyUsers, slowly, c.first.url, c.well.url)
	c.start()
	c.fallSick()
	x := newTraffic(t, c.site)
	failed := 0.0
	until := func(amiss func() error) {
		t.Helper()
		deadline, pace := time.Now().Add(manyWithin), time.NewTicker(time.Second)
		defer pace.Stop()
		for ; ; <-pace.C {
			x.tell(failingUsers(t, failed))
			failed += 100
			err := amiss()
			if err == nil {
				return
			}
			if t.Failed() || time.Now().After(deadline) {
				t.Fatalf("not within %v: %v", manyWithin, err)
			}
		}
	}
	fire := func(p *pager) error {
		if n := len(firing(p)); n < 2*users {
			return fmt.Errorf("%d alerts fire at %s, want %d at least", n, p.url, 2*users)
		}
		return nil
	}
	until(func() error {
		waiting, err := c.lane("queue_length")
		dropped, err2 := c.lane("dropped_total")
		if waiting > mostWait {
			t.Errorf("%v alerts wait, want at most %d", waiting, mostWait)
		}
		if err == nil && dropped == 0 {
			err = fmt.Errorf("%v alerts wait and none was dropped", waiting)
		}
		return errors.Join(err, err2, fire(c.well))
	})
	if dropped, err := c.metric(`slo_engine_notifications_dropped_total{alertmanager="` + c.well.url + `"}`); err != nil || dropped != 0 {
		t.Errorf("%v alerts were dropped on their way to a pager that is well (%v)", dropped, err)
	}
	c.recover()
	until(func() error { return errors.Join(fire(c.first), c.same()) })
	for _, name := range firing(c.first) {
		if got, want := c.first.knows(name).starts(), c.well.knows(name).starts(); len(got) != 1 || len(want) != 1 || !got[0].Equal(want[0]) {
			t.Errorf("%s began at %v, as the other pager knows at %v", name, got, want)
		}
	}
	dropped, _ := c.lane("dropped_total")
	t.Logf("%d alerts fire, %v were dropped while the pager was down, all were known afterwards", len(firing(c.first)), dropped)
}
