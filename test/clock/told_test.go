package clock

import "strings"

// told wants nothing to have fired or ended that did not at the twin. While a
// clock is far from the senders', its engine cannot tell old data from none:
// then no data may be reported, and nothing else.
func (r *rig) told(twin *rig, far, alone bool) {
	r.Helper()
	for _, locked := range []*rig{r, twin} {
		locked.mu.Lock()
		defer locked.mu.Unlock()
	}
	if page := twin.said["ErrorBudgetBurn/critical/loud"]; page == nil || page.ends > 0 {
		r.Fatalf("the twin was to page, once: %+v", page)
	}
	for name, got := range r.said {
		want := twin.said[name]
		switch {
		case far && alone && strings.HasPrefix(name, "SLINoData/"):
		case want == nil:
			r.Errorf("%s fired for the step alone", name)
		case far && alone:
		case got.ends != want.ends || len(got.starts) != len(want.starts):
			r.Errorf("%s began %d times and ended %d times, at the twin %d and %d times", name, len(got.starts), got.ends, len(want.starts), want.ends)
		}
	}
	for name := range twin.said {
		if r.said[name] == nil && !(far && alone) {
			r.Errorf("%s did not fire", name)
		}
	}
}
