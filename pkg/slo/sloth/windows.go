package sloth

import (
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Catalog is the AlertWindows of each period.
type Catalog map[time.Duration]AlertWindows

// AlertWindows says when the alerts of SLOs with a period fire.
type AlertWindows struct {
	// Period is the window of the SLOs.
	Period                                       time.Duration
	PageQuick, PageSlow, TicketQuick, TicketSlow AlertWindow
}

// AlertWindow is one pair of windows: an alert fires when both burn faster than
// its factor.
type AlertWindow struct {
	// BudgetPercent of the period's budget is spent when the long window has
	// burnt at the factor from end to end.
	BudgetPercent float64
	Short, Long   time.Duration
}

// Factor is the burn rate above which the alert fires in SLOs of a period:
// 14.4 for 2 % in 1 h of 30 d. It is computed in hours, so that its last digit
// is Sloth's.
func (w AlertWindow) Factor(period time.Duration) float64 {
	hours := w.BudgetPercent * period.Hours() / 100
	return hours / w.Long.Hours()
}

// DefaultCatalog is what Sloth knows by itself: 28 and 30 days, with the
// windows of the SRE Workbook, chapter 5.
func DefaultCatalog() Catalog {
	catalog := Catalog{}
	for _, days := range []time.Duration{28, 30} {
		period := days * 24 * time.Hour
		catalog[period] = AlertWindows{
			Period:      period,
			PageQuick:   AlertWindow{BudgetPercent: 2, Short: 5 * time.Minute, Long: time.Hour},
			PageSlow:    AlertWindow{BudgetPercent: 5, Short: 30 * time.Minute, Long: 6 * time.Hour},
			TicketQuick: AlertWindow{BudgetPercent: 10, Short: 2 * time.Hour, Long: 24 * time.Hour},
			TicketSlow:  AlertWindow{BudgetPercent: 10, Short: 6 * time.Hour, Long: 72 * time.Hour},
		}
	}
	return catalog
}

// windowsDocument is an AlertWindows as it is written.
type windowsDocument struct {
	APIVersion string   `yaml:"apiVersion"`
	Kind       string   `yaml:"kind"`
	Metadata   anything `yaml:"metadata"`
	Spec       struct {
		Period time.Duration `yaml:"sloPeriod" need:"the SLOs' window, such as 30d"`
		Page   windowPairs   `yaml:"page" need:"quick and slow"`
		Ticket windowPairs   `yaml:"ticket" need:"quick and slow"`
	} `yaml:"spec" need:"spec: with sloPeriod, page and ticket"`
}

type windowPairs struct {
	Quick windowPair `yaml:"quick" need:"errorBudgetPercent, shortWindow and longWindow"`
	Slow  windowPair `yaml:"slow" need:"errorBudgetPercent, shortWindow and longWindow"`
}

type windowPair struct {
	BudgetPercent float64       `yaml:"errorBudgetPercent" need:"a percentage such as 2"`
	Short         time.Duration `yaml:"shortWindow" need:"a duration such as 5m"`
	Long          time.Duration `yaml:"longWindow" need:"a duration such as 1h"`
}

// decodeWindows is the Decoder of AlertWindows. Its part is an AlertWindows,
// and its name the period.
func (o Options) decodeWindows(source *strictyaml.Document) (string, any, []slo.Problem) {
	var d windowsDocument
	found := source.Decode(&d)
	problems := append(slo.FromYAML(found, o.unknown()), d.problems(found)...)
	read := AlertWindows{
		Period:    d.Spec.Period,
		PageQuick: AlertWindow(d.Spec.Page.Quick), PageSlow: AlertWindow(d.Spec.Page.Slow),
		TicketQuick: AlertWindow(d.Spec.Ticket.Quick), TicketSlow: AlertWindow(d.Spec.Ticket.Slow),
	}
	if _, taken := o.Catalog[read.Period]; o.Catalog != nil && !taken && !slo.AnyError(problems) {
		o.Catalog[read.Period] = read
	}
	return slo.FormatDuration(read.Period), read, problems
}

// problems are what makes no sense in windows that could be read.
func (d *windowsDocument) problems(found strictyaml.Problems) (problems []slo.Problem) {
	add := func(severity slo.Severity, field, message, fix string) {
		if !found.Cover(field) {
			problems = append(problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
		}
	}
	if d.Spec.Period <= 0 {
		add(slo.Error, "spec.sloPeriod", "must be above 0", "write a duration such as 30d")
	}
	for _, pair := range []struct {
		at string
		windowPair
	}{
		{"spec.page.quick", d.Spec.Page.Quick}, {"spec.page.slow", d.Spec.Page.Slow},
		{"spec.ticket.quick", d.Spec.Ticket.Quick}, {"spec.ticket.slow", d.Spec.Ticket.Slow},
	} {
		pair.check(pair.at, d.Spec.Period, add)
	}
	return problems
}

func (w windowPair) check(at string, period time.Duration, add func(severity slo.Severity, field, message, fix string)) {
	switch {
	case !(w.BudgetPercent > 0):
		add(slo.Error, at+".errorBudgetPercent", "must be above 0", "write a percentage such as 2")
	case w.BudgetPercent > 100:
		add(slo.Warning, at+".errorBudgetPercent", fmt.Sprintf("%v%% is more than there is: the alert comes after the budget is spent", w.BudgetPercent), "write a percentage such as 2")
	}
	if w.Short <= 0 {
		add(slo.Error, at+".shortWindow", "must be above 0", "write a duration such as 5m")
	}
	switch {
	case w.Long <= 0:
		add(slo.Error, at+".longWindow", "must be above 0", "write a duration such as 1h")
	case w.Long < w.Short:
		add(slo.Warning, at+".longWindow", "is shorter than shortWindow", "swap the two")
	case w.Long > period && period > 0:
		add(slo.Warning, at+".longWindow", "is longer than the period of "+slo.FormatDuration(period), "write a shorter one")
	}
}
