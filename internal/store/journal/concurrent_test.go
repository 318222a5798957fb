package journal

import (
	"context"
	"encoding/binary"
	"io"
	"slices"
	"sync"
	"testing"
)

// Many append at once while snapshots are taken: of each of them all records
// come back, in its order.
func TestConcurrentAppends(t *testing.T) {
	const senders, each = 8, 300
	o := Options{Dir: t.TempDir(), SegmentBytes: 20_000}
	j, _, _ := open(t, o)
	var engine struct {
		sync.Mutex
		have [][2]int // sender, number; in the order of Append
	}
	save := func(have [][2]int) func(io.Writer) error {
		return func(w io.Writer) error {
			for _, h := range have {
				if _, err := w.Write(pair(h)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := range each {
				engine.Lock()
				ticket, err := j.Append(pair([2]int{s, n}))
				engine.have = append(engine.have, [2]int{s, n})
				engine.Unlock()
				if err == nil && n%3 == 0 {
					err = ticket.Wait(context.Background())
				}
				if err != nil {
					t.Errorf("sender %d, record %d: %v", s, n, err)
				}
				if s == 0 && n%50 == 49 {
					engine.Lock()
					c, err := j.Cut()
					have := slices.Clone(engine.have)
					engine.Unlock()
					if err == nil {
						err = j.WriteSnapshot(context.Background(), c, save(have))
					}
					if err != nil {
						t.Errorf("snapshot: %v", err)
					}
				}
			}
		})
	}
	all.Wait()
	if err := shut(j); err != nil {
		t.Fatal(err)
	}
	var got [][2]int
	add := func(b []byte) error { got = append(got, unpair(b)); return nil }
	j, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := j.Recover(func(r io.Reader) error {
		for b := make([]byte, 16); ; _ = add(b) {
			if _, err := io.ReadFull(r, b); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
		}
	}, add)
	if err != nil || r.Gaps > 0 || r.Snapshot == 0 {
		t.Errorf("recover: %+v, %v", r, err)
	}
	_ = shut(j)
	if !slices.Equal(got, engine.have) {
		t.Errorf("%d records came back of %d, or in another order", len(got), len(engine.have))
	}
}

func pair(p [2]int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(p[0]))
	return binary.LittleEndian.AppendUint64(b, uint64(p[1]))
}

func unpair(b []byte) [2]int {
	return [2]int{int(binary.LittleEndian.Uint64(b)), int(binary.LittleEndian.Uint64(b[8:]))}
}
