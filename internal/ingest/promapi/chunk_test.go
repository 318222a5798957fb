package promapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// TestChunks: the chunks of a month meet, end on whole hours but for the first
// one's end, and read no step that servers do not answer.
func TestChunks(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 34, 56, 0, time.UTC)
	p := &past{program: program(t, "a", "req", `req{code="500"}`)}
	began := now.Add(-3*time.Minute + 123*time.Millisecond)
	missing := sli.Missing{Of: []sli.Stretch{{From: now.Add(-30 * 24 * time.Hour), To: began}}}
	end := began
	for n := 0; ; n++ {
		c, ok := p.chunk(missing, now)
		if !ok {
			if n < 3 || n > 8 {
				t.Errorf("%d chunks", n)
			}
			break
		}
		switch {
		case !c.To.Equal(end):
			t.Fatalf("chunk %d ends at %s, the one before began at %s", n, c.To, end)
		case c.live != (n == 0):
			t.Errorf("chunk %d: live %v", n, c.live)
		case c.To.Sub(c.From)/c.step > stepsOfQuery:
			t.Errorf("chunk %d has %d steps", n, c.To.Sub(c.From)/c.step)
		case !c.From.Equal(missing.Of[0].From) && !c.From.Truncate(time.Hour).Equal(c.From):
			t.Errorf("chunk %d begins at %s", n, c.From)
		case n > 20:
			t.Fatal("no end")
		}
		end, p.reached, p.series = c.From, c.From, 12
	}
	if !end.Equal(missing.Of[0].From) {
		t.Errorf("read back to %s", end)
	}
}

// streamOf has a point at each step; a negative value is none.
func streamOf(name string, values ...float64) stream {
	s := stream{name: name, labels: labels.FromStrings("__name__", "req", "job", name)}
	for i, v := range values {
		if v >= 0 {
			s.points = append(s.points, sli.Point{Time: int64(i) * int64(time.Minute), Value: v})
		}
	}
	return s
}

func TestUnsteady(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   string
	}{
		"steady":  {[]float64{1, 2, 2, 5}, "[]"},
		"reset":   {[]float64{10, 12, 3, 5}, "[1-2]"},
		"comes":   {[]float64{-1, -1, 3, 5}, "[1-2]"},
		"goes":    {[]float64{1, 2, -1, -1}, "[1-2]"},
		"away":    {[]float64{1, -1, 1, 1}, "[0-2]"},
		"two":     {[]float64{5, 1, 2, 1}, "[0-1 2-3]"},
		"beyond":  {[]float64{1, 2, 3, 4, 1}, "[]"},
		"nothing": {nil, "[]"},
	} {
		// A chunk begins anywhere; the values of its steps have milliseconds.
		for _, late := range []time.Duration{0, 465 * time.Microsecond} {
			got := "["
			from, to := time.Unix(0, int64(late)), time.Unix(180, int64(late))
			for i, s := range unsteady([]stream{streamOf("a", c.values...)}, from, to, time.Minute) {
				if i > 0 {
					got += " "
				}
				got += fmt.Sprintf("%d-%d", s.From.Unix()/60, s.To.Unix()/60)
			}
			if got += "]"; got != c.want {
				t.Errorf("%s, %s later: read %s finely, not %s", name, late, got, c.want)
			}
		}
	}
}

// TestUntilLive: each series ends with the sample that live counting began from.
func TestUntilLive(t *testing.T) {
	at := func(minute float64) time.Time { return time.Unix(0, int64(minute*float64(time.Minute))) }
	points := func(name string, minutes ...float64) stream {
		s := stream{name: name, labels: labels.FromStrings("__name__", "req", "code", name), target: "x"}
		for _, m := range minutes {
			s.points = append(s.points, sli.Point{Time: at(m).UnixNano(), Value: m})
		}
		return s
	}
	for name, c := range map[string]struct {
		watched time.Time
		want    string
	}{
		"looked back": {at(4.5), "[3 2 1 1 1 0]"}, // live: new is what comes after minute 5
		"at once":     {at(1.5), "[3 2 1 0 0 0]"}, // live: after minute 2
	} {
		list := untilLive([]stream{
			points("old", 0, 1, 2, 3, 4, 5, 6), points("gone", 0, 1), points("first", 2, 3, 4),
			points("soon", 3, 4), points("later", 5, 6), points("late", 6),
		}, at(2), c.watched)
		var got []int
		for _, s := range list {
			got = append(got, len(s.points))
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: points %v, want %s", name, got, c.want)
		}
	}
}
