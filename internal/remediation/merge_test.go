package remediation

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// at is a time after noon.
func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

// fired is an alert that began at a minute, and was heard of at another.
func fired(begins, heard int) Inbound {
	return Inbound{Fingerprint: "f", Labels: map[string]string{"alertname": "a"}, StartsAt: at(begins), Heard: at(heard)}
}

// finishedAt is one that ended.
func finishedAt(begins, ends, heard int) Inbound {
	in := fired(begins, heard)
	in.EndsAt = at(ends)
	return in
}

func because(in Inbound, reason Reason) Inbound {
	in.Reason = reason
	return in
}

// What is known of an alert and a message about it make what is known after it.
func TestMerge(t *testing.T) {
	unknown := Inbound{}
	for name, c := range map[string]struct {
		was, told, want Inbound
		outcome         Outcome
	}{
		"new":                             {unknown, fired(0, 1), fired(0, 1), OutcomeNew},
		"only its end":                    {unknown, finishedAt(0, 1, 2), because(finishedAt(0, 1, 2), ReasonNeverFired), Outcome(ReasonNeverFired)},
		"long ago":                        {unknown, fired(-24*60, 1), because(fired(-24*60, 1), ReasonTooOld), Outcome(ReasonTooOld)},
		"not begun":                       {unknown, fired(9, 1), because(fired(9, 1), ReasonAhead), Outcome(ReasonAhead)},
		"a little ahead":                  {unknown, fired(2, 1), fired(2, 1), OutcomeNew},
		"again at once":                   {fired(0, 1), fired(0, 1), fired(0, 1), OutcomeRepeated},
		"again later":                     {fired(0, 1), fired(0, 9), fired(0, 9), OutcomeRepeated},
		"it began before":                 {fired(0, 1), fired(-1, 9), fired(0, 9), OutcomeRepeated},
		"it began anew, its end was lost": {fired(0, 1), fired(5, 9), fired(5, 9), OutcomeNew},
		"ended":                           {fired(0, 1), finishedAt(0, 5, 6), finishedAt(0, 5, 6), OutcomeEnded},
		"ended, and it began before":      {fired(0, 1), finishedAt(-1, 5, 6), finishedAt(0, 5, 6), OutcomeEnded},
		"the one before ended":            {fired(5, 6), finishedAt(0, 4, 7), fired(5, 6), OutcomeLate},
		"ended again":                     {finishedAt(0, 5, 6), finishedAt(0, 5, 9), finishedAt(0, 5, 6), OutcomeRepeated},
		"late":                            {finishedAt(0, 5, 6), fired(0, 7), finishedAt(0, 5, 6), OutcomeLate},
		"it fires after all":              {finishedAt(0, 5, 6), fired(0, 11), fired(0, 11), OutcomeNew},
		"it began anew":                   {finishedAt(0, 5, 6), fired(6, 7), fired(6, 7), OutcomeNew},
		"late, after only its end":        {because(finishedAt(0, 1, 2), ReasonNeverFired), fired(0, 3), because(finishedAt(0, 1, 2), ReasonNeverFired), OutcomeLate},
		"anew, after only its end":        {because(finishedAt(0, 1, 2), ReasonNeverFired), fired(3, 4), fired(3, 4), OutcomeNew},
		"the old one is still old":        {because(fired(-24*60, 1), ReasonTooOld), fired(-24*60, 9), because(fired(-24*60, 9), ReasonTooOld), OutcomeRepeated},
		"the clocks are set":              {because(fired(9, 1), ReasonAhead), fired(9, 9), fired(9, 9), OutcomeNew},
		"the clocks are not set":          {because(fired(9, 1), ReasonAhead), fired(9, 2), because(fired(9, 2), ReasonAhead), Outcome(ReasonAhead)},
	} {
		known := c.was.Fingerprint != ""
		over := known && !c.was.phase(c.told.Heard, 24*time.Hour, 15*time.Minute).ended.IsZero()
		got, outcome, write := merge(c.was, known, over, c.told, 24*time.Hour)
		if diff := cmp.Diff(c.want, got); diff != "" || outcome != c.outcome {
			t.Errorf("%s: %s, want %s (-want +got):\n%s", name, outcome, c.outcome, diff)
		}
		if changed := !cmp.Equal(c.was, got); changed != write {
			t.Errorf("%s: changed %v, written %v", name, changed, write)
		}
	}
}

func TestPhase(t *testing.T) {
	until := fired(0, 0)
	until.Until = at(10)
	for name, c := range map[string]struct {
		alert Inbound
		at    int // minutes
		want  phase
	}{
		"fires":                     {fired(0, 0), 59, phase{next: at(60)}},
		"stale":                     {fired(0, 0), 60, phase{stale: true, next: at(75)}},
		"believed over":             {fired(0, 0), 75, phase{ended: at(75), next: at(90)}},
		"gone":                      {fired(0, 0), 90, phase{ended: at(75), next: at(90), gone: true}},
		"as long as it says":        {until, 9, phase{next: at(10)}},
		"longer than it says":       {until, 10, phase{stale: true, next: at(25)}},
		"ended":                     {finishedAt(0, 1, 2), 3, phase{ended: at(2), next: at(17)}},
		"ended, says another clock": {finishedAt(0, 50, 2), 3, phase{ended: at(2), next: at(17)}},
		"ended and gone":            {finishedAt(0, 1, 2), 17, phase{ended: at(2), next: at(17), gone: true}},
		"the clock was set back":    {fired(0, 0), -600, phase{next: at(60)}},
	} {
		got := c.alert.phase(at(c.at), time.Hour, 15*time.Minute)
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}
