package events

import (
	"strconv"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
)

const (
	// mostRequests bounds the requests that are remembered; the oldest give way.
	mostRequests = 1 << 17
	// repeatedWithin is how long a request is remembered. Exporters give up
	// repeating one after five minutes by default.
	repeatedWithin = 10 * time.Minute
)

// fingerprint stands for a request: what it says, how long that is, and of which
// signal.
type fingerprint struct {
	hash   uint64
	length int
	signal string
}

func fingerprintOf(signal string, request []byte) fingerprint {
	return fingerprint{xxhash.Sum64(request), len(request), signal}
}

// String names the request.
func (f fingerprint) String() string {
	return f.signal + strconv.FormatUint(f.hash, 36) + "." + strconv.Itoa(f.length)
}

// repeats remembers the requests that were counted.
type repeats struct {
	mu    sync.Mutex
	taken map[fingerprint]time.Time
	ring  []fingerprint // in the order in which they came; grows up to its bound
	next  int           // where the next one goes, once the ring is full
}

// has reports whether a request was counted lately.
func (r *repeats) has(f fingerprint, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at, ok := r.taken[f]
	return ok && now.Sub(at) < repeatedWithin
}

// remember notes that a request was counted.
func (r *repeats) remember(f fingerprint, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken == nil {
		r.taken = map[fingerprint]time.Time{}
	}
	_, known := r.taken[f]
	r.taken[f] = now
	switch {
	case known: // it was long ago, and keeps its place in the ring
	case len(r.ring) < mostRequests:
		r.ring = append(r.ring, f)
	default:
		delete(r.taken, r.ring[r.next])
		r.ring[r.next] = f
		r.next = (r.next + 1) % mostRequests
	}
}
