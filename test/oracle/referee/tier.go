package referee

import (
	"math"
	"time"
)

// Severity says whom an alert wakes.
type Severity string

// The severities. Heal wakes nobody.
const (
	Heal     Severity = ""
	Critical Severity = "critical"
	Warning  Severity = "warning"
)

// SLO is what is promised.
type SLO struct {
	// Budget is the share of events that may be bad.
	Budget float64
	// Window is a rolling one.
	Window time.Duration
}

// Tier is a pair of windows that must both burn faster than a factor.
type Tier struct {
	Name        string
	Severity    Severity
	Long, Short time.Duration
	Factor      float64
}

const day = 24 * time.Hour

// Tiers are those of the design: for 28 days and more the windows stay and the
// factors follow from the budget to be spent; below, the windows shrink with
// the SLO's window, and the factors stay.
func Tiers(s SLO) []Tier {
	var list []Tier
	for _, row := range []struct {
		name        string
		severity    Severity
		spends      float64
		long, short time.Duration
	}{
		{"heal", Heal, 0.002, 5 * time.Minute, 30 * time.Second},
		{"page_fast", Critical, 0.02, time.Hour, 5 * time.Minute},
		{"page_slow", Critical, 0.05, 6 * time.Hour, 30 * time.Minute},
		{"ticket_fast", Warning, 0.10, day, 2 * time.Hour},
		{"ticket_slow", Warning, 0.10, 3 * day, 6 * time.Hour},
	} {
		t := Tier{Name: row.name, Severity: row.severity, Long: row.long, Short: row.short}
		if s.Window < 28*day {
			days := s.Window.Hours() / 24
			t.Long = max(time.Second, seconds(row.long.Seconds()*days/30))
			t.Short = max(time.Second, seconds(row.short.Seconds()*days/30))
		}
		t.Factor = row.spends * s.Window.Seconds() / t.Long.Seconds()
		if t.Factor*s.Budget >= 1 { // nothing burns as fast: half of a total outage must do
			t.Long = seconds(row.spends * s.Window.Seconds() / (0.5 / s.Budget))
			t.Short = max(time.Second, seconds(t.Long.Seconds()/12))
			t.Factor = row.spends * s.Window.Seconds() / t.Long.Seconds()
		}
		list = append(list, t)
	}
	return list
}

// seconds rounds to whole ones.
func seconds(s float64) time.Duration { return time.Duration(math.Round(s)) * time.Second }

// seen widens a tier to what samples every interval can show.
func (t Tier) seen(interval time.Duration) Tier {
	t.Short = max(t.Short, 2*interval)
	t.Long = max(t.Long, 3*t.Short)
	return t
}
