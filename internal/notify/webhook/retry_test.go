package webhook

import (
	"net/http"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, "-7": 0, "3601": time.Hour, "99999999999999": 0, "soon": 0,
		now.Add(time.Minute).Format(http.TimeFormat):      time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
		now.Add(1000 * time.Hour).Format(http.TimeFormat): time.Hour,
	} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if v := judge(429, http.Header{"Retry-After": {"7"}}, nil, now); v.after != 7*time.Second || v.fate != "" {
		t.Errorf("429: %+v", v)
	}
}

func TestPause(t *testing.T) {
	o := Options{}
	o.setDefaults()
	for _, tt := range []struct {
		failures int
		rand     float64
		want     time.Duration
	}{
		{1, 0, 500 * time.Millisecond}, {1, 1, time.Second}, {2, 1, 2 * time.Second}, {4, 0, 4 * time.Second},
		{7, 1, time.Minute}, {8, 0, 30 * time.Second}, {1 << 40, 1, time.Minute},
	} {
		o.Rand = func() float64 { return tt.rand }
		if got := o.pause(tt.failures); got != tt.want {
			t.Errorf("after %d failures: %s, want %s", tt.failures, got, tt.want)
		}
	}
}

// A receiver that asks to be left alone is, as a whole.
func TestResume(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	o := Options{Now: func() time.Time { return now }, Rand: func() float64 { return 1 }}
	o.setDefaults()
	l := &lane{o: &o, m: newMetrics().lane("hook"), busy: map[string]bool{}}
	fail := func(after time.Duration) {
		l.learn(outcome{remediation.Message{ID: "m"}, verdict{problem: "503", after: after}})
	}
	fail(0)
	fail(0) // at the same time: the same failure
	if l.failures != 1 || l.resume.Sub(now) != time.Second || l.room() != 1 {
		t.Errorf("failures %d, resume after %s, room %d", l.failures, l.resume.Sub(now), l.room())
	}
	fail(10 * time.Minute)
	if l.resume.Sub(now) != 10*time.Minute {
		t.Errorf("resume after %s", l.resume.Sub(now))
	}
	l.learn(outcome{remediation.Message{ID: "m"}, verdict{fate: remediation.Delivered}})
	if l.failures != 0 || now.Before(l.resume) || l.room() != o.Parallel {
		t.Errorf("failures %d, resume after %s, room %d", l.failures, l.resume.Sub(now), l.room())
	}
}
