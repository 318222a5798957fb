package slo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// nativeAdjustment is a document of kind BudgetAdjustment as it is written.
type nativeAdjustment struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   nativeMetadata `yaml:"metadata" need:"metadata: {name: db-failover}"`
	Spec       struct {
		Select         nativeMatchers `yaml:"select" need:"matchers such as ['service=\"checkout\"']"`
		Reason         string         `yaml:"reason" need:"why the time does not count, for those who will ask"`
		nativeSchedule `yaml:",inline"`
	} `yaml:"spec" need:"spec: with select, reason, from and to"`
}

// nativeSchedule is either from and to, or start and duration, with rrule or
// without.
type nativeSchedule struct {
	From     *nativeMoment  `yaml:"from"`
	To       *nativeMoment  `yaml:"to"`
	Start    *nativeWall    `yaml:"start"`
	TimeZone nativeZone     `yaml:"timeZone"`
	Duration *time.Duration `yaml:"duration"`
	RRule    *string        `yaml:"rrule"`
	Except   []nativeDate   `yaml:"except"`
}

// nativeMoment is a time that is the same everywhere.
type nativeMoment struct{ time.Time }

// UnmarshalValue reads a time with its zone.
func (m *nativeMoment) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil && parsesAs(text, wallLayout, "2006-01-02 15:04:05", "2006-01-02T15:04", time.DateOnly):
		v.Report(fmt.Sprintf("%q has no time zone", text), "write 2026-03-01T02:00:00Z, or 2026-03-01T02:00:00+01:00")
	case err != nil:
		v.Report(fmt.Sprintf("%q is not a time", shorten(text)), "write 2026-03-01T02:00:00Z")
	case t.Nanosecond() != 0:
		v.Report(fmt.Sprintf("%q is not a whole second", text), "write 2026-03-01T02:00:00Z")
	default:
		m.Time = t
	}
}

// wallLayout is a time as the clocks of a zone show it.
const wallLayout = "2006-01-02T15:04:05"

func parsesAs(text string, layouts ...string) bool {
	return slices.ContainsFunc(layouts, func(l string) bool { _, err := time.Parse(l, text); return err == nil })
}

// nativeWall is a time by the clocks of a zone, which stands beside it; with a
// Z, those of UTC.
type nativeWall struct {
	time.Time // held as UTC
	utc       bool
}

// UnmarshalValue reads a time without zone, or of UTC.
func (w *nativeWall) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	plain, utc := strings.CutSuffix(text, "Z")
	for _, layout := range []string{wallLayout, "2006-01-02T15:04"} {
		if t, err := time.Parse(layout, plain); err == nil && t.Nanosecond() == 0 {
			w.Time, w.utc = t, utc
			return
		}
	}
	fix := "write 2026-03-01T02:00:00, and timeZone: Europe/Berlin beside it"
	if parsesAs(text, time.RFC3339) {
		v.Report(fmt.Sprintf("%q has an offset, which changes in a zone with summer time", shorten(text)), fix)
		return
	}
	v.Report(fmt.Sprintf("%q is not a time", shorten(text)), fix)
}

// nativeDate is a date, as text.
type nativeDate string

// UnmarshalValue reads a date.
func (d *nativeDate) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	if !parsesAs(text, time.DateOnly) {
		v.Report(fmt.Sprintf("%q is not a date", shorten(text)), "write the date on which an occurrence would begin, such as 2026-12-27")
		return
	}
	*d = nativeDate(text)
}

// decodeAdjustment is the Decoder of kind BudgetAdjustment.
func decodeAdjustment(doc *strictyaml.Document) (string, any, []Problem) {
	var n nativeAdjustment
	found := doc.Decode(&n)
	a := &Adjustment{Name: n.Metadata.Name, Reason: strings.TrimSpace(n.Spec.Reason), Select: n.Spec.Select.all()}
	if found.Cover("spec.select") {
		a.Select = nil // what is left of it selects more than was meant
	}
	v := validator{}
	v.name("metadata.name", a.Name)
	if a.Reason == "" {
		v.fail("spec.reason", "is empty", "write why the time does not count, for those who will ask")
	}
	if len(a.Select) == 0 {
		v.fail("spec.select", "selects nothing", `write matchers such as ['service="checkout"']`)
	}
	a.when = n.Spec.nativeSchedule.schedule(&v)
	return a.Name, a, uncovered(FromYAML(found, Error), v.problems)
}
