package overload

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/prompb"
)

// perSeries is what a known series may cost at most, in bytes of memory: its
// labels, what is found by them, and as much again for the collector of
// garbage. forRequests is what requests on their way and ticks need;
// forRefused is what the targets of refused series may leave behind.
const (
	perSeries   = 2 << 10
	forRequests = 128 << 20
	forRefused  = 128 << 20
	atOnce      = 2000 // series of one request
)

// flood makes the requests of a sender that has lost control of its labels:
// each series is a user at an instance of its own.
type flood struct {
	tb     testing.TB
	series []prompb.TimeSeries
}

func newFlood(tb testing.TB) *flood {
	f := &flood{tb: tb}
	for range atOnce {
		f.series = append(f.series, prompb.TimeSeries{
			Labels: []prompb.Label{{Name: "__name__", Value: "logins_total"}, {Name: "cluster_name", Value: "production-west-1"},
				{Name: "code", Value: "200"}, {Name: "instance"}, {Name: "job", Value: "accounts"},
				{Name: "namespace", Value: "accounts-production"}, {Name: "pod"}, {Name: "user"}},
			Samples: make([]prompb.Sample, 1),
		})
	}
	return f
}

// request is the request whose first series is number first.
func (f *flood) request(first int, value float64) []byte {
	now := time.Now().UnixMilli()
	for i := range f.series {
		s, n := &f.series[i], first+i
		s.Labels[3].Value = fmt.Sprintf("10.%d.%d.%d:8080", n>>16, n>>8&255, n&255)
		s.Labels[6].Value = fmt.Sprintf("accounts-7d4b9c6f5-%07d", n)
		s.Labels[7].Value = fmt.Sprintf("user-%09d@example.org", n)
		s.Samples[0] = prompb.Sample{Value: value, Timestamp: now}
	}
	return encode(f.tb, f.series)
}

// Ten times more new series come than may be known. As many as may are taken,
// the rest is refused and leaves nothing behind; a shop that was there before,
// and what was taken, goes on being counted exactly.
func TestNewSeries(t *testing.T) {
	room := 10_000 * *scale * *scale // known series; ten times that are sent: 10 M at scale 10
	offered := 10 * room
	s := newSite(t, slos, fmt.Sprintf("limits: {max_series: %d}\n", room))
	x := newShop(s, 1, 10, 1)
	x.open()
	s.agree("availability", counts{})
	s.rest()
	missed, begun := s.metric("slo_engine_missed_ticks_total"), time.Now()
	var refused, again int
	var slowest time.Duration
	busyWith(func() { refused, again = s.flood(offered) },
		func(ctx context.Context) { x.trade(ctx, 20*time.Millisecond) },
		func(ctx context.Context) { slowest = s.during(ctx, "/-/ready", "/api/v1/slos") })
	took := time.Since(begun)

	if got := s.metric("slo_engine_series"); got != float64(room) {
		t.Errorf("%v series are known, want %d", got, room)
	}
	rejected := s.metric(`slo_engine_rejected_points_total{reason="series_limit"}`)
	if want := offered - room + len(x.series); int(rejected) != want {
		t.Errorf("%v points were refused for series_limit, want %d", rejected, want)
	}
	missed = s.metric("slo_engine_missed_ticks_total") - missed
	if missed > 2+took.Seconds()/10 {
		t.Errorf("%v ticks were missed in %v", missed, took)
	}
	s.atMost(int64(room)*perSeries+forRequests+forRefused, "refused series must not stay")
	s.agree("availability", x.sold)
	s.agree("routes", x.sold)
	if r, err := s.write(newFlood(t).request(0, 1)); err != nil || !r.taken() {
		t.Errorf("series that were taken are answered %v %v", r, err)
	}
	s.agree("logins", counts{Total: atOnce})
	t.Logf("%d new series against a limit of %d in %v: %d requests refused, %d sent again, %v ticks missed, memory +%d MiB, the shop sent %d requests, its slowest answer took %v, a page's %v",
		offered, room, took.Round(time.Second), refused, again, missed, s.grown()>>20, x.sent, x.slowest.Round(time.Millisecond), slowest.Round(time.Millisecond))
}

// flood sends new series, and returns how many requests were refused for the
// limit, and how often one had to be sent again.
func (s *site) flood(series int) (refused, again int) {
	f := newFlood(s)
	for first := 0; first < series; first += atOnce {
		body := f.request(first, 0)
		r, err := s.write(body)
		for ; err == nil && r.busy(); again++ {
			r, err = s.write(body)
		}
		switch {
		case err != nil:
			s.Errorf("series %d: no answer: %v", first, err)
			return refused, again
		case r.code == 400 && strings.Contains(r.text, "series_limit"):
			refused++
		case !r.taken():
			s.Errorf("series %d: answered %v", first, r)
			return refused, again
		}
	}
	return refused, again
}
