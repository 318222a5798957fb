package clock

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// A step is how a clock goes wrong: by how much it is off so long after it
// began to. Clocks do not jump by multiples of a sample interval.
type step struct {
	name string
	off  func(time.Duration) time.Duration
	far  bool // by more than silence is borne
}

const odd = 123 * time.Millisecond

func jump(d time.Duration) step {
	return step{fmt.Sprintf("jump %v", d), func(time.Duration) time.Duration { return d }, d.Abs() > time.Minute}
}

// bounce jumps, and half an hour later back.
func bounce(d time.Duration) step {
	return step{fmt.Sprintf("jump %v and back", d), func(t time.Duration) time.Duration {
		if t >= 30*time.Minute {
			return 0
		}
		return d
	}, true}
}

// slew changes a clock's speed, by so much a second, for ten minutes.
func slew(perSecond time.Duration) step {
	off := func(t time.Duration) time.Duration {
		return time.Duration(min(t, 10*time.Minute).Seconds() * float64(perSecond))
	}
	return step{fmt.Sprintf("slew %v/s", perSecond), off, false}
}

var steps = []step{
	jump(time.Hour + odd), jump(-time.Hour - odd), jump(10*time.Second + odd), jump(-10*time.Second - odd),
	bounce(time.Hour + odd), bounce(-time.Hour - odd),
	slew(500 * time.Microsecond), slew(-500 * time.Microsecond), slew(50 * time.Millisecond), slew(-50 * time.Millisecond),
}

func TestSteps(t *testing.T) {
	for _, s := range steps {
		for _, alone := range []bool{false, true} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/alone=%v/restart=%v", s.name, alone, restart), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { story(t, s, alone, restart) })
				})
			}
		}
	}
}

// before is when the clock goes wrong.
const before = 10*time.Minute + 700*time.Millisecond

// after is how long one looks: an hour that comes twice must be over.
func (s step) after() time.Duration {
	if s.far {
		return 100 * time.Minute
	}
	return 15 * time.Minute
}

func story(t *testing.T, s step, alone, restart bool) {
	stepped, twin := newRig(t, alone), newRig(t, false)
	defer twin.stop()
	defer func() { stepped.stop() }()
	run := func(d time.Duration, each func(time.Duration)) {
		begun := time.Now()
		for at := time.Duration(0); at < d; at = time.Since(begun) {
			each(at)
			time.Sleep(250 * time.Millisecond)
		}
	}
	sent := 0
	traffic := func() {
		if time.Since(epoch) < time.Duration(sent)*interval {
			return
		}
		sent++
		for _, r := range []*rig{stepped, twin} {
			for _, f := range r.flow {
				r.send(f)
			}
		}
	}
	time.Sleep(1500 * time.Millisecond)
	run(before, func(time.Duration) { traffic() })
	if restart {
		stepped.stop()
		stepped.clock.set(s.off(0))
		stepped.start()
	}
	run(s.after(), func(at time.Duration) {
		stepped.clock.set(s.off(at))
		traffic()
		if err := stepped.sane(); err != nil && at%(30*time.Minute) > 2*time.Second { // the next tick may be a second away
			t.Fatalf("%v after the step: %v", at, err)
		}
	})
	time.Sleep(2 * time.Second)
	stepped.counted()
	stepped.told(twin, s.far, alone)
	if !alone || !s.far {
		stepped.covered(twin)
	}
	time.Sleep(30 * time.Second) // what is to come has come
	stepped.recovers()
}

// epoch is when a bubble's time begins.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// counted wants every event that was acknowledged to be counted, once.
func (r *rig) counted() {
	r.Helper()
	for _, f := range r.flow {
		got := r.instance(f.slo).Since
		if got.Total != f.taken || f.lost == 0 && !f.delta && got.Bad != f.bad {
			r.Errorf("%s: counted %+v, acknowledged %v, %v of all were bad", f.slo, got, f.taken, f.bad)
		}
	}
}

// covered wants the covered time to be as long as the twin's, and as much
// longer or shorter as the senders' clock has made it.
func (r *rig) covered(twin *rig) {
	r.Helper()
	for _, name := range []string{"quiet", "loud"} {
		length := func(r *rig) time.Duration {
			p := r.instance(name).Period
			return time.Duration(p.Coverage * float64(p.Window))
		}
		want := length(twin) + r.senders.now().Sub(twin.senders.now())
		unseen := r.senders.now().Sub(r.clock.now()).Abs() // samples that lie ahead are not judged yet
		if got := length(r); (got - want).Abs() > 2*interval+unseen {
			r.Errorf("%s: %v are covered, want %v", name, got, want)
		}
	}
}

// recovers wants the engine to go on, after a restart, where it was.
func (r *rig) recovers() {
	r.Helper()
	was := map[string]*engine.Instance{}
	for _, in := range r.Snapshot().Instances {
		was[in.ID] = in
	}
	r.stop()
	r.start()
	time.Sleep(1500 * time.Millisecond)
	for _, in := range r.Snapshot().Instances {
		same := cmp.Options{cmpopts.IgnoreTypes(&slo.Spec{}), cmpopts.IgnoreFields(engine.Instance{}, "Exhaustion", "Windows", "Period", "Consumed1h", "Remaining")}
		if diff := cmp.Diff(was[in.ID], in, same); diff != "" {
			r.Errorf("after the restart (-before +after):\n%s", diff)
		}
		if was[in.ID].Period.Counts != in.Period.Counts {
			r.Errorf("%s: after the restart the window holds %+v, before %+v", in.ID, in.Period.Counts, was[in.ID].Period.Counts)
		}
	}
}
