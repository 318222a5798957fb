package promapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

func seen(name, target string, seconds ...int64) stream {
	s := stream{name: name, labels: labels.FromStrings("__name__", name), target: target}
	for _, at := range seconds {
		s.points = append(s.points, sli.Point{Time: at * int64(time.Second)})
	}
	return s
}

// TestBegin: live counting begins with the newest sample of what is alive.
func TestBegin(t *testing.T) {
	p := &poll{handed: map[string]int64{}}
	list := []stream{
		seen("alive", "a", 60, 120, 180), seen("ended", "a", 60, 120), seen("other", "b", 77, 137),
		seen("gone", "c", 20, 80), seen("silent", "d"),
	}
	p.begin(list)
	got := ""
	for _, m := range p.fresh(list, time.Unix(0, 0)) {
		got += fmt.Sprintf("%s %d ", m.stream.name, m.point.Time/int64(time.Second))
	}
	if got != "other 137 alive 180 " {
		t.Errorf("begins with %s", got)
	}
	if p.handed["ended"] != 120*int64(time.Second) || p.handed["gone"] != 80*int64(time.Second) {
		t.Error("what is not handed over now would be later")
	}
}

// TestFrom: polls go back to the series that is furthest behind, unless it has
// ended, and never without end.
func TestFrom(t *testing.T) {
	now := time.Unix(100_000, 0)
	ago := func(d time.Duration) int64 { return now.Add(-d).UnixNano() }
	for name, c := range map[string]struct {
		newest time.Duration
		handed []time.Duration
		want   time.Duration
	}{
		"steady":        {10 * time.Second, []time.Duration{10 * time.Second}, 40 * time.Second},
		"one lags":      {10 * time.Second, []time.Duration{10 * time.Second, 4 * time.Minute}, 4*time.Minute + 30*time.Second},
		"one ended":     {10 * time.Second, []time.Duration{10 * time.Second, 15 * time.Minute}, 40 * time.Second},
		"away for long": {20 * time.Minute, []time.Duration{20 * time.Minute}, 20*time.Minute + 30*time.Second},
		"for ever":      {5 * time.Hour, []time.Duration{5 * time.Hour}, time.Hour},
	} {
		p := &poll{newest: now.Add(-c.newest), handed: map[string]int64{}}
		for i, d := range c.handed {
			p.handed[fmt.Sprint(i)] = ago(d)
		}
		if got := now.Sub(p.from(now, 30*time.Second)); got != c.want {
			t.Errorf("%s: from %s ago, want %s", name, got, c.want)
		}
	}
	if got := now.Sub((&poll{}).from(now, 30*time.Second)); got != firstReach {
		t.Errorf("the first one from %s ago", got)
	}
}

// TestStranger: another server's series are not believed at once.
func TestStranger(t *testing.T) {
	p := &poll{handed: map[string]int64{"mine": 1}}
	for i, c := range []struct {
		series string
		want   bool
	}{{"mine", false}, {"other", true}, {"", false}, {"other", true}, {"other", true}, {"mine", false}, {"other", true}, {"other", true}, {"other", true}, {"other", false}} {
		var list []stream
		if c.series != "" {
			list = []stream{seen(c.series, "a", 1)}
		}
		if got := p.stranger(list); got != c.want {
			t.Errorf("answer %d with %q: strange %v", i, c.series, got)
		}
	}
}
