package app

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/audit"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What happens to BudgetAdjustments, as the audit has it.
const (
	adjustments       = "adjustment" // the family of these
	adjustmentApplied = "adjustment_applied"
	adjustmentChanged = "adjustment_changed"
	adjustmentRemoved = "adjustment_removed"
)

// adjustmentsOf are the BudgetAdjustments that are about some SLO, by name, each
// with the SLOs that it selects.
func adjustmentsOf(programs []*sli.Program) []api.Adjustment {
	byName := map[string]*api.Adjustment{}
	for _, p := range programs {
		for _, a := range p.Spec.Adjustments {
			if byName[a.Name] == nil {
				byName[a.Name] = &api.Adjustment{Adjustment: a}
			}
			byName[a.Name].SLOs = append(byName[a.Name].SLOs, p.Spec.ID())
		}
	}
	var list []api.Adjustment
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		slices.Sort(byName[name].SLOs)
		list = append(list, *byName[name])
	}
	return list
}

// changesSince are what is to be written down where these hold and others were
// known last: also what was edited while the engine was down.
func changesSince(known map[string]audit.Record, held []api.Adjustment, now time.Time) (changes []audit.Record) {
	now = now.UTC().Truncate(time.Millisecond)
	gone := maps.Clone(known)
	for _, a := range held {
		last := known[a.Name]
		delete(gone, a.Name)
		if last.After == a.String() && slices.Equal(last.SLOs, a.SLOs) {
			continue
		}
		r := audit.Record{
			Time: now, Kind: adjustmentChanged, Subject: a.Name, Before: last.After, After: a.String(), SLOs: a.SLOs,
			By: fmt.Sprintf("file: %s:%d", a.Origin.File, a.Origin.Line),
		}
		if last.After == "" {
			r.Kind = adjustmentApplied
		}
		changes = append(changes, r)
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if last := gone[name]; last.After != "" {
			changes = append(changes, audit.Record{
				Time: now, Kind: adjustmentRemoved, Subject: name, By: last.By, Before: last.After, SLOs: last.SLOs,
			})
		}
	}
	return changes
}

// auditAdjustments writes down what changes when these hold from now on. After
// an error they must not. by is who did it; empty: the documents.
func (a *App) auditAdjustments(ctx context.Context, held []api.Adjustment, by string) error {
	changes := changesSince(a.audit.Latest(adjustments), held, time.Now())
	for i := range changes {
		changes[i].By, changes[i].TraceID = cmp.Or(by, changes[i].By), traceID(ctx)
	}
	if err := a.audit.Append(changes...); err != nil {
		return err
	}
	log := a.component("slo")
	for _, c := range changes {
		log.InfoContext(ctx, "budget adjustment "+strings.TrimPrefix(c.Kind, adjustments+"_"),
			"adjustment", c.Subject, "by", c.By, "before", c.Before, "after", c.After, "slos", len(c.SLOs))
	}
	return nil
}

// auditAtStart is auditAdjustments for SLOs that are loaded for the first time.
// An engine whose disk fails must watch all the same: what cannot be audited is
// taken out, which shows more burn than there would be and never less.
func (a *App) auditAtStart(loaded *Loaded) {
	held := adjustmentsOf(loaded.Programs)
	err := a.auditAdjustments(context.Background(), held, "")
	if err != nil {
		a.component("slo").Error("the audit cannot be written, new budget adjustments do not apply", "error", err)
		loaded.withhold(changesSince(a.audit.Latest(adjustments), held, time.Now()), err)
		held = adjustmentsOf(loaded.Programs)
	}
	a.adjustments.Store(&held)
}

// withhold takes adjustments that changed out of the SLOs, and says so.
func (l *Loaded) withhold(changes []audit.Record, why error) {
	changed := map[string]bool{}
	for _, c := range changes {
		changed[c.Subject] = c.After != ""
	}
	told := map[string]bool{}
	for _, p := range l.Programs {
		for _, a := range p.Spec.Adjustments {
			if changed[a.Name] && !told[a.Name] {
				told[a.Name] = true
				l.Problems = append(l.Problems, slo.Problem{
					Origin: a.Origin, Message: "does not apply, for it cannot be audited: " + why.Error(),
					Fix: "mend the disk of the data folder, or make room there, and reload",
				})
			}
		}
		p.Spec.Adjustments = slices.DeleteFunc(p.Spec.Adjustments, func(a *slo.Adjustment) bool { return changed[a.Name] })
	}
}

// inForce are the adjustments that hold, for those who ask.
func (a *App) inForce() []api.Adjustment {
	if held := a.adjustments.Load(); held != nil {
		return *held
	}
	return nil
}
