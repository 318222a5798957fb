package demo

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// phase is a chapter of the story.
type phase int

const (
	connecting phase = iota // the engine learns of the series
	healthy                 // good traffic
	failing                 // v2 is broken, the engine is awaited
	healing                 // the gateway has its action, the proof is awaited
	holding                 // it helps, and the team repairs v2
	undoing                 // the engine takes it back, step by step
	calm                    // all is as it was before; what still pages is awaited
	settling                // the shop is closed, the counts are compared
	closed                  // the loop closed
)

func (p phase) String() string {
	return [...]string{"connecting", "healthy", "failing", "healing", "holding", "undoing", "calm", "settling", "closed"}[p]
}

// order is what the story wants done to the shop.
type order int

const (
	nothing order = iota
	beginLoad
	breakV2
	repairV2
	finishShop
)

// mark is a line of the timeline that stands out.
type mark struct {
	tone tone
	text string
}

type tone int

const (
	plain tone = iota
	good
	bad
)

// story is the state machine of the demo. It has no clock and touches nothing:
// step takes the time and a view, and says what to tell and what to do. Nothing
// that it orders tells the engine anything.
type story struct {
	plan    plan
	start   time.Time
	phase   phase
	entered time.Time // when the phase began

	opening  map[string]counts // the engine's counts when the load began
	share    float64           // v2's part of the traffic, at the last step
	usual    float64           // the same before anything broke
	incident incident
	paged    map[string]time.Duration // instance → time to its first page
	resolved map[string]bool          // instances whose page has ended
	settled  time.Time                // when the shop's own counts were known
	marks    []mark                   // of the step under way
}

func newStory(p plan, start, now time.Time) *story {
	return &story{
		plan: p, start: start, entered: now,
		paged: make(map[string]time.Duration), resolved: make(map[string]bool),
	}
}

// step moves the story on. An error ends it: it says what did not happen.
func (s *story) step(now time.Time, v view) ([]mark, order, error) {
	s.marks = nil
	moves := map[phase]func(time.Time, view) (order, error){
		connecting: s.connect, healthy: s.warmUp, failing: s.fail, healing: s.heal, holding: s.hold,
		undoing: s.undo, calm: s.quiet, settling: s.settle,
	}
	move, ok := moves[s.phase]
	if !ok {
		return nil, nothing, nil
	}
	s.note(now, v)
	do, err := move(now, v)
	s.share = v.share
	return s.marks, do, err
}

// note tells what may happen in any phase.
func (s *story) note(now time.Time, v view) {
	s.incident.follow(v.healed())
	if !s.incident.broken.IsZero() {
		s.notePages(now, v)
	}
}

func (s *story) tell(t tone, format string, args ...any) {
	s.marks = append(s.marks, mark{t, fmt.Sprintf(format, args...)})
}

func (s *story) enter(p phase, now time.Time) { s.phase, s.entered = p, now }

// in is the time since the phase began.
func (s *story) in(now time.Time) time.Duration { return now.Sub(s.entered) }

// connectPatience is how long the engine has to show the first samples.
const connectPatience = 15 * time.Second

func (s *story) connect(now time.Time, v view) (order, error) {
	unseen := v.unseen(s.entered)
	if len(unseen) > 0 && s.in(now) < connectPatience {
		return nothing, nil
	}
	if len(unseen) > 0 {
		return nothing, fmt.Errorf("%w: no samples of %s in %s", ErrNotReady, strings.Join(unseen, ", "), connectPatience)
	}
	s.opening = v.counts()
	s.tell(good, "traffic begins, all of it good")
	s.enter(healthy, now)
	return beginLoad, nil
}

func (s *story) warmUp(now time.Time, v view) (order, error) {
	for _, i := range v.slos {
		if tier, ok := i.page(); ok {
			return nothing, fmt.Errorf("%w: %s, tier %s", ErrPagedEarly, i.name(), tier)
		}
	}
	if v.action != nil {
		return nothing, fmt.Errorf("%w: %s", ErrActedEarly, v.action)
	}
	if s.in(now) < s.plan.warmUp {
		return nothing, nil
	}
	for id, c := range v.counts() {
		if c.total <= s.opening[id].total {
			return nothing, fmt.Errorf("%w of %s in %s", ErrNotCounted, id, s.plan.warmUp)
		}
	}
	s.usual, s.incident.before, s.incident.broken = v.share, readingOf(v.healed()), now
	s.incident.after = s.incident.before
	earliest, latest := s.plan.detection()
	s.tell(bad, "v2 FAILS: %.0f %% of its answers are 503s now; the heal tier is expected after %s to %s",
		100*s.plan.failing, seconds(earliest), seconds(latest))
	s.enter(failing, now)
	return breakV2, nil
}

// seconds writes a duration as people say it, precise one that was measured.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
func precise(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

// percent writes a share without more digits than it has.
func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// same reports whether two shares of the traffic are the same, as far as
// weights tell.
func same(a, b float64) bool { return math.Abs(a-b) < 0.005 }
