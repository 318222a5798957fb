package alertmanager

import "time"

const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = 30 * time.Second
)

// backoff grows from a tenth of a second to half a minute. Its jitter takes away
// up to half, so that many engines do not return to a recovering Alertmanager
// in step.
type backoff struct {
	// rand returns a number in [0, 1).
	rand func() float64
	base time.Duration
}

func (b *backoff) next() time.Duration {
	b.base = min(max(2*b.base, backoffFirst), backoffMost)
	half := b.base / 2
	return half + time.Duration(b.rand()*float64(half))
}

func (b *backoff) reset() { b.base = 0 }
