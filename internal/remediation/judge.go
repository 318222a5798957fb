package remediation

import "time"

// worseBy is how much higher the burn rate must be than before for an action
// to have done harm.
const worseBy = 1.5

// judge says what the events after an action tell about it: "" while nothing
// can be said yet. since is when the action was live, but not before this
// process began: what was counted before is not its evidence.
func judge(t Terms, before float64, r Reading, touched []string, since, now time.Time) Reason {
	if t.Proof == "" {
		return ReasonUnproven
	}
	full := r.Budget > 0 && r.Until.Sub(since) >= t.Window
	enough := r.Total >= t.MinEvents
	burn, some := r.Burn()
	switch {
	case full && enough && (!some || burn < t.BurnBelow):
		return ReasonHelped
	case full && enough && before > 0 && burn > before*worseBy && burn > t.BurnBelow:
		return ReasonWorse
	case now.Sub(since) < t.Within:
		return ""
	case !full || !enough:
		return ReasonNotShown
	case elsewhere(r, touched, t):
		return ReasonElsewhere
	}
	return ReasonNotHelped
}

// elsewhere reports whether members that the action did not touch burn no less
// than those it did: then it cannot have been the cause.
func elsewhere(r Reading, touched []string, t Terms) bool {
	var with, without Count
	for name, c := range r.Members {
		into := &without
		for _, one := range touched {
			if name == one {
				into = &with
			}
		}
		into.Bad += c.Bad
		into.Total += c.Total
	}
	a, _ := with.Ratio()
	b, counted := without.Ratio()
	return counted && len(touched) > 0 && without.Total >= t.MinEvents && b > t.BurnBelow*r.Budget && b >= a
}

// relapsed says whether a step of an undo holds: true once it can be said.
// Where there are too few events a step is waited for and then believed, as the
// playbook grants it; where nothing is known at all, five times as long: an
// action must come to an end without evidence, too.
func relapsed(t Terms, r Reading, since, now time.Time, wait time.Duration) (worse, known bool) {
	burn, some := r.Burn()
	if some && r.Total >= max(t.MinEvents, 1) && r.Until.Sub(since) >= min(t.Window, wait) && burn >= t.BurnBelow {
		return true, true
	}
	fresh := t.Proof == "" || r.Budget > 0 && r.Until.Sub(since) >= wait/2
	return false, fresh && now.Sub(since) >= wait || now.Sub(since) >= 5*wait
}
