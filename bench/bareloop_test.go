package bench

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/snappy"
	"google.golang.org/protobuf/encoding/protowire"
)

// bareLoop is what no receiver of remote write 1.0 can do without: decompress,
// find each series' labels, hash them, find its state, compare. It believes
// everything and checks nothing, and there is no HTTP around it.
type bareLoop struct {
	buffer []byte
	table  []cell // open addressing; a power of two
	used   int
	points int
	sum    float64 // what was counted, so that nothing is optimised away
}

type cell struct {
	key   uint64 // 0: free
	at    int64
	value float64
}

func newBareLoop(series int) *bareLoop {
	size := 1
	for size < 2*series {
		size *= 2
	}
	return &bareLoop{table: make([]cell, size)}
}

// measure returns the processor time of one point, in seconds.
func (l *bareLoop) measure(tb testing.TB, warm, rounds [][][]byte) float64 {
	tb.Helper()
	runtime.LockOSThread() // the clock is the thread's
	defer runtime.UnlockOSThread()
	l.all(tb, warm)
	l.points = 0
	begun := thread(tb)
	l.all(tb, rounds)
	return (thread(tb) - begun).Seconds() / float64(l.points)
}

func thread(tb testing.TB) time.Duration {
	tb.Helper()
	d, err := clock(threadClock)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func (l *bareLoop) all(tb testing.TB, rounds [][][]byte) {
	tb.Helper()
	for _, round := range rounds {
		for _, body := range round {
			raw, err := snappy.Decode(l.buffer[:cap(l.buffer)], body)
			if err != nil {
				tb.Fatal(err)
			}
			l.buffer = raw
			l.request(raw)
		}
	}
}

// request walks the time series of a WriteRequest.
func (l *bareLoop) request(raw []byte) {
	for len(raw) > 0 {
		_, tag := protowire.ConsumeVarint(raw)
		length, n := protowire.ConsumeVarint(raw[tag:])
		body := raw[tag+n:]
		l.series(body[:length])
		raw = body[length:]
	}
}

// series finds where the labels end, and takes the one sample after them.
func (l *bareLoop) series(raw []byte) {
	end := 0
	for raw[end] == 1<<3|2 {
		length, n := protowire.ConsumeVarint(raw[end+1:])
		end += 1 + n + int(length)
	}
	sample := raw[end+2:]
	value, _ := protowire.ConsumeFixed64(sample[1:])
	at, _ := protowire.ConsumeVarint(sample[10:])
	l.count(xxhash.Sum64(raw[:end])|1, int64(at), math.Float64frombits(value))
	l.points++
}

// count finds the series' state and adds what it grew by.
func (l *bareLoop) count(key uint64, at int64, value float64) {
	mask := uint64(len(l.table) - 1)
	for i := (key >> 1) & mask; ; i = (i + 1) & mask {
		c := &l.table[i]
		switch c.key {
		case key:
			if at > c.at && value >= c.value {
				l.sum += value - c.value
			}
			c.at, c.value = at, value
			return
		case 0:
			*c = cell{key, at, value}
			l.used++
			return
		}
	}
}
