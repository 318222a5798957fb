package slo

import "time"

// writtenAdjustment is a BudgetAdjustment as Encode writes it.
type writtenAdjustment struct {
	APIVersion string                `yaml:"apiVersion"`
	Kind       string                `yaml:"kind"`
	Metadata   writtenMetadata       `yaml:"metadata"`
	Spec       writtenAdjustmentSpec `yaml:"spec"`
}

type writtenAdjustmentSpec struct {
	Select   []string `yaml:"select"`
	Reason   string   `yaml:"reason"`
	From     string   `yaml:"from,omitempty"`
	To       string   `yaml:"to,omitempty"`
	Start    string   `yaml:"start,omitempty"`
	TimeZone string   `yaml:"timeZone,omitempty"`
	Duration string   `yaml:"duration,omitempty"`
	RRule    string   `yaml:"rrule,omitempty"`
	Except   []string `yaml:"except,omitempty,flow"`
}

func writeAdjustment(a *Adjustment) writtenAdjustment {
	out := writtenAdjustment{APIVersion: APIVersion, Kind: KindBudgetAdjustment, Metadata: writtenMetadata{Name: a.Name}}
	out.Spec = writtenAdjustmentSpec{Select: a.Select.texts(), Reason: a.Reason}
	if r := a.when.rule; r != nil {
		out.Spec.Start, out.Spec.TimeZone = r.begin.Format(wallLayout), r.zone.String()
		out.Spec.Duration, out.Spec.RRule, out.Spec.Except = FormatDuration(r.duration), r.text, r.except
		return out
	}
	out.Spec.From, out.Spec.To = a.when.once.From.Format(time.RFC3339), a.when.once.To.Format(time.RFC3339)
	return out
}
