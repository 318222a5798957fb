package slo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"

	"go.yaml.in/yaml/v3"
)

// EncodeRemediations writes documents that read back as equal Remediations, but
// for Origin.
func EncodeRemediations(list []*Remediation) ([]byte, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	for _, r := range list {
		document, err := writeRemediation(r)
		if err == nil {
			err = encoder.Encode(document)
		}
		if err != nil {
			return nil, fmt.Errorf("write Remediation %s: %w", r.Name, err)
		}
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// writtenRemediation is a Remediation as it is written: all that is usual is
// said, because it is what people ask for when something has acted.
type writtenRemediation struct {
	APIVersion string                 `yaml:"apiVersion"`
	Kind       string                 `yaml:"kind"`
	Metadata   writtenMetadata        `yaml:"metadata"`
	Spec       writtenRemediationSpec `yaml:"spec"`
}

type writtenRemediationSpec struct {
	On           []string         `yaml:"on"`
	Actions      []map[string]any `yaml:"actions"`
	Guards       map[string]any   `yaml:"guards,flow"`
	Approval     string           `yaml:"approval"`
	DryRun       bool             `yaml:"dryRun,omitempty"`
	Verify       map[string]any   `yaml:"verify,flow"`
	Lease        string           `yaml:"lease"`
	Undo         map[string]any   `yaml:"undo,flow"`
	IfEngineDies string           `yaml:"ifEngineDies"`
}

func writeRemediation(r *Remediation) (out writtenRemediation, err error) {
	out = writtenRemediation{APIVersion: APIVersion, Kind: KindRemediation, Metadata: writtenMetadata{Name: r.Name}}
	out.Spec = writtenRemediationSpec{
		On: r.On.texts(), Guards: writeGuards(r.Guards), DryRun: r.DryRun, Verify: writeProof(r.Proof),
		Lease: FormatDuration(r.Lease), Undo: writeUndo(r.Undo),
		Approval: word(r.Approval, "none", "required"), IfEngineDies: word(r.UndoIfEngineDies, "keep", "undo"),
	}
	for _, one := range r.Remedies {
		action, err := writeRemedy(one)
		if err != nil {
			return out, err
		}
		out.Spec.Actions = append(out.Spec.Actions, action)
	}
	return out, nil
}

// word is the second of two words if yes.
func word(yes bool, no, other string) string {
	if yes {
		return other
	}
	return no
}

func writeGuards(g RemedyGuards) map[string]any {
	out := map[string]any{
		"cooldown": FormatDuration(g.Cooldown), "maxPerHour": g.MaxPerHour,
		"maxShift": writeShare(g.MaxShift), "minHealthy": g.MinHealthy,
	}
	if g.MaxBudgetAtStake > 0 {
		out["maxBudgetAtStake"] = writeShare(g.MaxBudgetAtStake)
	}
	if len(g.RequireHealthy) > 0 {
		out["requireHealthy"] = g.RequireHealthy.texts()
	}
	return out
}

func writeProof(p RemedyProof) map[string]any {
	out := map[string]any{
		"burnBelow": p.BurnBelow, "window": FormatDuration(p.Window), "within": FormatDuration(p.Within), "minEvents": p.MinEvents,
	}
	if p.SLO != "" {
		out["slo"] = p.SLO
	}
	return out
}

func writeUndo(u RemedyUndo) map[string]any {
	var steps []string
	for _, s := range u.Steps {
		steps = append(steps, writeShare(s))
	}
	return map[string]any{
		"when": word(u.AtLeaseEnd, "resolved", "leaseEnds"), "after": FormatDuration(u.After), "steps": steps, "every": FormatDuration(u.Every),
	}
}

func writeRemedy(r Remedy) (map[string]any, error) {
	text, err := r.Settings.Text()
	if err != nil {
		return nil, err
	}
	at := map[string]any{}
	if err := json.Unmarshal(text, &at); err != nil {
		return nil, fmt.Errorf("read settings: %w", err)
	}
	if deed := writeDeed(r); deed != nil {
		at[r.Kind] = deed
	}
	out := map[string]any{r.Gateway: at}
	if r.Weak {
		out["weak"] = true
	}
	if r.AfterSuccess {
		out["after"] = "helped"
	}
	return out, nil
}

// writeDeed is what stands among a gateway's settings; nil: nothing.
func writeDeed(r Remedy) map[string]any {
	var all map[string]any
	switch r.Kind {
	case RemedyShift:
		percent := "auto"
		if r.Share > 0 {
			percent = writeShare(r.Share)
		}
		all = map[string]any{"from": r.From, "fromLabel": r.MemberLabel, "to": r.To, "percent": percent, "by": r.By}
	case RemedyEject, RemedyDrain:
		all = map[string]any{"member": r.Member, "memberLabel": r.MemberLabel, "by": r.By}
	case RemedyRateLimit:
		all = map[string]any{"route": r.Route, "perSecond": r.PerSecond}
	case RemedyClose:
		all = map[string]any{"route": r.Route, "status": r.Status}
	case RemedyBreaker:
		all = map[string]any{"dependency": r.Dependency, "status": r.Status}
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == "" || v == 0 })
	return all
}
