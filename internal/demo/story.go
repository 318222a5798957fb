package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// phase is a chapter of the story.
type phase int

const (
	connecting phase = iota // the engine learns of the series
	healthy                 // good traffic
	failing                 // v2 is broken, the page is awaited
	recovering              // v2 is rolled back, the end of the page is awaited
	settling                // the shop is closed, the counts are compared
	closed                  // the loop closed
)

func (p phase) String() string {
	return [...]string{"connecting", "healthy", "failing", "recovering", "settling", "closed"}[p]
}

// order is what the story wants done to the shop.
type order int

const (
	nothing order = iota
	beginLoad
	breakV2
	rollBack
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
// step takes the time and a view, and says what to tell and what to do.
type story struct {
	plan    plan
	start   time.Time
	phase   phase
	entered time.Time // when the phase began

	opening   map[string]counts        // the engine's counts when the load began
	broken    time.Time                // when v2 broke
	paged     map[string]time.Duration // instance → time to its first page
	pagedSLO  map[string]bool          // SLO ids among them
	delivered map[string]bool          // SLO ids seen in Alertmanager
	healed    bool                     // the heal tier was told of
	complete  time.Time                // when all was paged and delivered
	resolved  map[string]time.Duration // instance → time from the rollback to its end
	settled   time.Time                // when the shop's own counts were known
	marks     []mark                   // of the step under way
}

func newStory(p plan, start, now time.Time) *story {
	return &story{
		plan: p, start: start, entered: now,
		paged: make(map[string]time.Duration), pagedSLO: make(map[string]bool),
		delivered: make(map[string]bool), resolved: make(map[string]time.Duration),
	}
}

// step moves the story on. An error ends it: it says what did not happen.
func (s *story) step(now time.Time, v view) ([]mark, order, error) {
	s.marks = nil
	moves := map[phase]func(time.Time, view) (order, error){
		connecting: s.connect, healthy: s.warmUp, failing: s.fail, recovering: s.recover, settling: s.settle,
	}
	move, ok := moves[s.phase]
	if !ok {
		return nil, nothing, nil
	}
	do, err := move(now, v)
	return s.marks, do, err
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
	s.tell(good, "traffic begins: %d requests/s, all of them good", s.plan.rate)
	s.enter(healthy, now)
	return beginLoad, nil
}

func (s *story) warmUp(now time.Time, v view) (order, error) {
	for _, i := range v.slos {
		if tier, ok := i.page(); ok {
			return nothing, fmt.Errorf("%w: %s, tier %s", ErrPagedEarly, i.name(), tier)
		}
	}
	if s.in(now) < s.plan.warmUp {
		return nothing, nil
	}
	for id, c := range v.counts() {
		if c.total <= s.opening[id].total {
			return nothing, fmt.Errorf("%w of %s in %s", ErrNotCounted, id, s.plan.warmUp)
		}
	}
	earliest, latest := s.plan.detection()
	s.tell(bad, "v2 fails: %.0f %% of its answers are slow 503s now; the page is expected after %s to %s",
		100*s.plan.failing, seconds(earliest), seconds(latest))
	s.broken = now
	s.enter(failing, now)
	return breakV2, nil
}

// seconds writes a duration as people say it.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// missing are the demo's SLOs that are not in the set.
func missing(set map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(sloIDs), func(id string) bool { return set[id] })
}

// unresolved are the instances whose page has not ended, and the SLOs that
// Alertmanager still holds.
func (s *story) unresolved(v view) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(s.paged)) {
		if _, ok := s.resolved[name]; !ok {
			names = append(names, name)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.held)) {
		names = append(names, id+" in Alertmanager")
	}
	return names
}
