package journal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// storm is a world in which everything happens at random, in virtual time.
type storm struct {
	*world
	rng *rand.Rand
	// ackedAt are when the records of this life were acknowledged.
	ackedAt map[int]time.Time
	// died is when the life ended.
	died time.Time
	lost int
}

// every runs a storm for each of n seeds, and prints the seed that fails.
func every(t *testing.T, n int, run func(s *storm) error) (lost int) {
	t.Helper()
	for i := range uint64(n) {
		synctest.Test(t, func(t *testing.T) {
			s := &storm{rng: rand.New(rand.NewPCG(*seed+i, 0)), world: newWorld(faulty.New(), Options{})}
			if err := run(s); err != nil {
				t.Fatalf("-prove.seed=%d: %v", *seed+i, err)
			}
			lost += s.lost
		})
	}
	return lost
}

// prepare chooses how the next life is set up and when it ends.
func (s *storm) prepare() {
	s.opts = Options{
		Dir: "/data", SegmentBytes: int64(200 + s.rng.IntN(4000)),
		FsyncInterval: []time.Duration{FsyncAlways, 50 * time.Millisecond, 500 * time.Millisecond}[s.rng.IntN(3)],
	}
	s.ackedAt, s.died = map[int]time.Time{}, time.Time{}
	stop := len(s.fs.Calls()) + 1 + s.rng.IntN(150)
	s.fs.Before = func(c faulty.Call) {
		if c.N == stop {
			s.died = time.Now()
		}
	}
	s.fs.StopAt(stop, float64(s.rng.IntN(5))/4)
}

// act does things until the life ends.
func (s *storm) act() {
	for range 200 {
		if s.fs.Dead() {
			return
		}
		s.step()
	}
}

func (s *storm) step() {
	switch s.rng.IntN(10) {
	case 0:
		_ = s.snapshot()
	case 1, 2, 3:
		time.Sleep(time.Duration(s.rng.IntN(300)) * time.Millisecond)
	case 4, 5:
		s.countTogether(1 + s.rng.IntN(20))
	default:
		s.count(1 + s.rng.IntN(5))
		s.note(s.acked)
	}
}

// countTogether appends records and waits when all are queued.
func (s *storm) countTogether(records int) {
	var tickets []Ticket
	first := s.next
	for range records {
		n := s.next
		s.next++
		s.engine.have = append(s.engine.have, n)
		if t, err := s.j.Append(record(n)); err == nil {
			tickets = append(tickets, t)
		}
	}
	for i, t := range tickets {
		if t.Wait(context.Background()) == nil && len(tickets) == records {
			s.acked = append(s.acked, first+i)
		}
	}
	s.note(s.acked)
}

// note remembers when what is newly acknowledged was.
func (s *storm) note(acked []int) {
	for _, n := range slices.Backward(acked) {
		if _, known := s.ackedAt[n]; known {
			return
		}
		s.ackedAt[n] = time.Now()
	}
}

// end ends the life: the process is killed, or the power fails.
func (s *storm) end(power bool) {
	if s.died.IsZero() {
		s.died = time.Now()
	}
	old := s.fs
	if power {
		s.fs = old.Crash(s.rng)
	} else {
		s.fs = old.Kill()
	}
	if s.j != nil {
		_ = shut(s.j)
		s.j = nil
	}
}

// promised are the acknowledged records that must be there again.
func (s *storm) promised(power bool) (list []int) {
	for _, n := range s.acked {
		if !power || s.opts.FsyncInterval < 0 || s.ackedAt[n].Add(s.opts.FsyncInterval).Before(s.died) {
			list = append(list, n)
		}
	}
	return list
}

// Power fails at random times; some lives are just killed. What was synced, and
// what is older than the interval, is there; the rest is a prefix; no life is
// refused, and no gap is told of, since a crash makes none.
func TestPowerLoss(t *testing.T) {
	n := scenarios(200, 1000)
	const lives = 4
	lost := every(t, n, func(s *storm) error {
		for life := range lives {
			s.prepare()
			if _, err := s.begin(); err == nil {
				s.act()
			}
			counted, power := slices.Clone(s.engine.have), s.rng.IntN(4) > 0
			s.end(power)
			r, err := s.look()
			if err != nil {
				return fmt.Errorf("life %d: %w", life, err)
			}
			if miss := s.engine.missing(s.promised(power)); len(miss) > 0 {
				return fmt.Errorf("life %d (power %v): promised and not found: %v", life, power, miss)
			}
			if !isPrefix(s.engine.have, counted) || r.Gaps > 0 || r.SkippedBytes > 0 {
				return fmt.Errorf("life %d: found %v of %v: %+v", life, s.engine.have, counted, r)
			}
			s.lost += len(counted) - len(s.engine.have)
		}
		return nil
	})
	t.Logf("power loss: %d scenarios of %d lives from seed %d: always opens, always a prefix, %d unsynced records lost, 0 promised", n, lives, *seed, lost)
}

// look recovers what a life left, on a copy of it, so that the next life finds
// it untouched.
func (s *storm) look() (Recovery, error) {
	fs, acked := s.fs, s.acked
	s.fs = fs.Kill()
	r, err := s.begin()
	if err == nil {
		_ = shut(s.j)
	}
	s.j, s.acked = nil, acked
	s.fs = fs.Kill()
	return r, err
}

// Disks fail for a while, power fails, processes are killed: nothing wrong ever
// comes back, and what is missing is told of.
func TestStorm(t *testing.T) {
	n := scenarios(100, 1000)
	const lives = 4
	lost := every(t, n, func(s *storm) error {
		for life := range lives {
			s.prepare()
			if _, err := s.begin(); err == nil {
				s.inject()
				s.act()
			}
			counted := len(s.engine.have)
			s.end(s.rng.IntN(2) == 0)
			if _, err := s.look(); err != nil { // checks order, bytes and gaps
				return fmt.Errorf("life %d: %w", life, err)
			}
			s.lost += counted - len(s.engine.have)
		}
		return nil
	})
	t.Logf("storm: %d scenarios of %d lives from seed %d: always opens, nothing wrong or silently missing, %d records lost", n, lives, *seed, lost)
}

// inject makes some calls fail, now and later.
func (s *storm) inject() {
	now := len(s.fs.Calls())
	for range s.rng.IntN(6) {
		fault := faulty.Fault{
			From: now + s.rng.IntN(100), Err: []error{syscall.EIO, syscall.ENOSPC}[s.rng.IntN(2)],
			Part: float64(s.rng.IntN(5)) / 4,
		}
		if s.rng.IntN(2) == 0 {
			fault.Kinds = []faulty.Kind{[]faulty.Kind{faulty.Sync, faulty.Write, faulty.Truncate, faulty.Create, faulty.Rename}[s.rng.IntN(5)]}
		}
		s.fs.Inject(fault)
	}
}
