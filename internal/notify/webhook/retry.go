package webhook

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// maxRetryAfter is the longest that a receiver can ask to be left alone.
const maxRetryAfter = time.Hour

// verdict is what an answer, or none, means for a message.
type verdict struct {
	// fate is what becomes of it; empty: it is sent again.
	fate    remediation.Fate
	problem string
	// after is how long the receiver asks to wait; 0: it does not say.
	after time.Duration
}

// judge is what an answer means.
func judge(status int, header http.Header, body []byte, now time.Time) verdict {
	if status/100 == 2 {
		return verdict{fate: remediation.Delivered}
	}
	v := verdict{problem: fmt.Sprintf("%d %s: %.*q", status, http.StatusText(status), maxShown, body)}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
	default:
		if status/100 != 5 {
			v.fate = remediation.DeadEnd
			return v
		}
	}
	v.after = retryAfter(header.Get("Retry-After"), now)
	return v
}

// retryAfter reads seconds or a date.
func retryAfter(text string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// pause is how long to wait after so many failures, from 1 on. Its jitter takes
// away up to half, so that messages do not come back in step.
func (o *Options) pause(failures int) time.Duration {
	d := o.MinBackoff
	for ; failures > 1 && d < o.MaxBackoff; failures-- {
		d *= 2
	}
	half := min(d, o.MaxBackoff) / 2
	return half + time.Duration(o.Rand()*float64(half))
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
