package budget

import (
	"testing"
	"time"
)

// Shared is what Spread counts, at every moment: 7 and 5 events in 200 s, and
// two and a half.
func TestSharedIsSpread(t *testing.T) {
	from, to := time.Unix(1000, 0), time.Unix(1200, 0)
	for _, c := range []Counts{{Bad: 5, Total: 7}, {Bad: -3, Total: 0}, {Bad: 0.5, Total: 2.5}} {
		l := New(time.Hour)
		l.Spread(from, to, c)
		for second := int64(990); second <= 1210; second++ {
			at := time.Unix(second, 0)
			want := l.Between(from.Add(-time.Minute), at).Counts
			if got := Shared(from.UnixNano(), to.UnixNano(), at.UnixNano(), c); got != want {
				t.Errorf("%+v at %d: %+v, Spread has %+v", c, second, got, want)
			}
		}
	}
}
