package alerts

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Severity grades alerts as Alertmanager's severity label carries it.
type Severity string

// The severities. None is for tiers that wake nobody and only drive
// reversible actions.
const (
	None     Severity = ""
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Names of the default tiers, and of the two alerts that are no burn tiers.
const (
	Heal       = "heal"
	PageFast   = "page_fast"
	PageSlow   = "page_slow"
	TicketFast = "ticket_fast"
	TicketSlow = "ticket_slow"
	TierBudget = "budget"
	TierNoData = "no_data"
)

// Tier is one burn-rate condition: it holds while the burn rates of both
// windows exceed Factor.
type Tier struct {
	Name     string
	Severity Severity
	// Budget is the share of the error budget that is spent within Long when
	// the tier fires: Factor = Budget * SLO window / Long.
	Budget float64
	// Long says that it matters, Short that it still goes on.
	Long, Short time.Duration
	// Factor is the burn rate above which the tier holds.
	Factor float64
	// Fixed windows do not shrink with short SLO windows.
	Fixed bool
}

// reference is the SLO window for which the default windows were chosen.
const reference = 30 * 24 * time.Hour

// shortest is the SLO window from which on the tiers keep their windows and
// scale their factors; below it the windows shrink and the factors stay.
const shortest = 28 * 24 * time.Hour

// Defaults are the tiers for a 30-day window: the workbook's recommended set
// (table 5-8 and its code sample) and heal, which fires on seconds of
// evidence because what it drives can be undone.
func Defaults() []Tier {
	return []Tier{
		{Name: Heal, Severity: None, Budget: 0.002, Long: 5 * time.Minute, Short: 30 * time.Second},
		{Name: PageFast, Severity: Critical, Budget: 0.02, Long: time.Hour, Short: 5 * time.Minute},
		{Name: PageSlow, Severity: Critical, Budget: 0.05, Long: 6 * time.Hour, Short: 30 * time.Minute},
		{Name: TicketFast, Severity: Warning, Budget: 0.10, Long: 24 * time.Hour, Short: 2 * time.Hour},
		{Name: TicketSlow, Severity: Warning, Budget: 0.10, Long: 72 * time.Hour, Short: 6 * time.Hour},
	}
}

// TiersOf are the tiers that an SLO asks for, its own or the usual ones, with
// the severities it gives them. Fit makes them its tiers.
func TiersOf(spec *slo.Spec) []Tier {
	tiers := Defaults()
	if own := spec.Alerting.Terms.Tiers; len(own) > 0 {
		tiers = make([]Tier, len(own))
		for i, t := range own {
			tiers[i] = Tier{
				Name: t.Name, Severity: Severity(t.Severity), Budget: t.Budget, Factor: t.Factor,
				Long: t.Long, Short: t.Short, Fixed: t.Fixed,
			}
		}
	}
	for i, t := range tiers {
		if severity, ok := spec.Alerting.Severities[t.Name]; ok {
			tiers[i].Severity = SeverityOf(severity)
		}
	}
	return tiers
}

// SeverityOf is a severity as documents write it: none is None. They may have
// names of their own, which alerts carry as they are.
func SeverityOf(text string) Severity {
	if text == "none" {
		return None
	}
	return Severity(text)
}

// Fit scales tiers to an SLO: its window and its error budget (1 - objective).
// Of a tier that has a Budget the Factor follows, of another the Budget.
// slice is the length of one event for SLIs that are made of time slices, 0
// otherwise. The misfits show the arithmetic of what was changed.
func Fit(tiers []Tier, window slo.Window, budget float64, slice time.Duration) (fitted []Tier, misfits []Misfit) {
	for _, t := range tiers {
		t = t.scale(window.Nominal())
		if t.Long > window.Nominal() {
			misfits = append(misfits, Misfit{Dropped: true, Field: ownTiers, Text: fmt.Sprintf(
				"tier %s is dropped: it looks back over %s, longer than the SLO window of %s",
				t.Name, slo.FormatDuration(t.Long), slo.FormatDuration(window.Nominal()))})
			continue
		}
		if t.Factor*budget >= 1 {
			before := t
			t = t.reachable(window.Nominal(), budget)
			misfits = append(misfits, Misfit{Field: "spec.objective", Text: fmt.Sprintf(
				"tier %s can never fire: factor %.4g × budget %.4g = %.3g, and an error ratio is at most 1; using factor %.4g (0.5/%.4g) over %s (%.3g × %s / %.4g)",
				t.Name, before.Factor, budget, before.Factor*budget,
				t.Factor, budget, slo.FormatDuration(t.Long), t.Budget, slo.FormatDuration(window.Nominal()), t.Factor)})
		}
		if t.Short < slice {
			if t.Severity != None { // nobody misses what wakes nobody
				misfits = append(misfits, Misfit{Dropped: true, Text: fmt.Sprintf(
					"tier %s is dropped: its short window %s is below the slice of %s, so it would see at most one event",
					t.Name, slo.FormatDuration(t.Short), slo.FormatDuration(slice))})
			}
			continue
		}
		fitted = append(fitted, t)
	}
	return fitted, misfits
}

// ownTiers is where the native format has an SLO's tiers.
const ownTiers = "spec.alerting.tiers"

// Misfit is a tier that does not suit an SLO as it is.
type Misfit struct {
	// Field is the path, in the native format, of what it does not suit; empty
	// for the slice, which may stand in several places.
	Field string

	// Dropped: the SLO has no such tier. Otherwise it was rescaled.
	Dropped bool
	// Text says why, with the arithmetic.
	Text string
}

// scale fits the windows to an SLO window of length w.
// Worked: page_fast spends 2 % in 1 h; for 28 d its factor is
// 0.02*672h/1h = 13.44; for 1 d it looks at 2 min with factor 14.4.
func (t Tier) scale(w time.Duration) Tier {
	if w < shortest && !t.Fixed {
		t.Long = shrink(t.Long, w)
		t.Short = shrink(t.Short, w)
	}
	if t.Budget == 0 {
		t.Budget = t.Factor * float64(t.Long) / float64(w)
		return t
	}
	t.Factor = t.Budget * float64(w) / float64(t.Long)
	return t
}

// shrink scales a window from the reference to w, in whole seconds, which are
// the ledger's finest slots.
func shrink(d, w time.Duration) time.Duration {
	scaled := time.Duration(float64(d) * float64(w) / float64(reference))
	return max(scaled.Round(time.Second), time.Second)
}

// reachable is the tier for an objective so loose that even a total outage
// burns slower than the factor: it fires at half of a total outage, over the
// window in which that spends the tier's share of the budget.
func (t Tier) reachable(w time.Duration, budget float64) Tier {
	factor := 0.5 / budget
	t.Long = time.Duration(t.Budget * float64(w) / factor).Round(time.Second)
	t.Short = max((t.Long / 12).Round(time.Second), time.Second)
	t.Factor = t.Budget * float64(w) / float64(t.Long)
	return t
}

// ForInterval widens the windows to what a source that samples every
// interval can show: at least two samples in Short, and then Long three times
// that.
func (t Tier) ForInterval(interval time.Duration) Tier {
	if t.Short < 2*interval {
		t.Short = 2 * interval
		t.Long = max(t.Long, 3*t.Short)
	}
	return t
}

// DetectionTime is how long a constant error ratio, beginning after a clean
// long window, goes on before the tier fires. ok is false when it never does.
// Source: SRE Workbook chapter 5, budget*factor*long/ratio. Worked: objective
// 99.9 %, ratio 1, page_fast: 0.001*14.4*3600s = 51.84 s.
func (t Tier) DetectionTime(budget, ratio float64) (d time.Duration, ok bool) {
	if ratio <= t.Factor*budget {
		return 0, false
	}
	return time.Duration(t.Factor * budget / ratio * float64(t.Long)), true
}
