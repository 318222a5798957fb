package scenario

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Failure is one expectation that did not hold.
type Failure struct {
	File string
	Line int
	// At is the virtual time since the start at which it was judged, Time the
	// same on the scenario's calendar. Final: after everything.
	At    time.Duration
	Time  time.Time
	Final bool
	// SLO is whose it is; empty if that was not clear.
	SLO string
	// Expected is the line as it is written, Got what was found.
	Expected, Got string
	// Context shows the SLO at that time, in lines.
	Context []string
}

// String shows the difference over several lines.
func (f Failure) String() string {
	var b strings.Builder
	moment := "at " + when(f.At)
	if f.Final {
		moment = "at the end, " + when(f.At)
	}
	fmt.Fprintf(&b, "%s:%d: %s (%s)", f.File, f.Line, moment, f.Time.UTC().Format(time.RFC3339))
	if f.SLO != "" {
		b.WriteString(", " + f.SLO)
	}
	fmt.Fprintf(&b, "\n  - expected  %s\n  + got       %s\n", f.Expected, f.Got)
	for _, line := range f.Context {
		b.WriteString("    " + line + "\n")
	}
	return b.String()
}

// context is what a person wants to see of an SLO that is not as expected.
func (v view) context() []string {
	var b strings.Builder
	fmt.Fprintf(&b, "state %s, budget remaining %s, %s good of %s, coverage %.4g\n", v.State, show(v.Remaining),
		number(v.Period.Counts.Good()), number(v.Period.Counts.Total), v.Period.Coverage)
	if a := v.Adjusted; a != nil {
		fmt.Fprintf(&b, "excluded by %s: %s, %s bad of %s; without it budget remaining %s\n", strings.Join(a.Names, ", "),
			when(a.ExcludedTime), number(a.Excluded.Bad), number(a.Excluded.Total), show(a.Without.Remaining))
	}
	fmt.Fprintf(&b, "%s\n", v.firing())
	if len(v.Pending) > 0 {
		fmt.Fprintf(&b, "pending, too little evidence: %s\n", strings.Join(v.Pending, ", "))
	}
	if len(v.Notices) > 0 {
		fmt.Fprintf(&b, "%s\n", v.notices())
	}
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WINDOW\tBURN\tBAD\tTOTAL\tCOVERAGE\tTIERS")
	tiers, _ := engine.Tiers(v.Spec)
	for _, r := range v.Windows {
		var uses []string
		for _, t := range tiers {
			if t.Long == r.Window || t.Short == r.Window {
				uses = append(uses, fmt.Sprintf("%s > %.4g", t.Name, t.Factor))
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.4g\t%s\n", slo.FormatDuration(r.Window), show(r.Burn),
			number(r.Counts.Bad), number(r.Counts.Total), r.Coverage, strings.Join(uses, ", "))
	}
	_ = table.Flush() // into memory
	for _, m := range v.history {
		if m.tier != "" {
			fmt.Fprintf(&b, "%s\n", m)
		}
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
