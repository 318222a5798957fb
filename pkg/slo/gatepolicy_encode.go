package slo

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// EncodeGatePolicies writes documents that read back as equal GatePolicies, but
// for Origin.
func EncodeGatePolicies(list []*GatePolicy) ([]byte, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	for _, p := range list {
		if err := encoder.Encode(writeGatePolicy(p)); err != nil {
			return nil, fmt.Errorf("write GatePolicy %s: %w", p.Name, err)
		}
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// writtenGatePolicy is a GatePolicy as it is written: all that is usual is said,
// because it is what people ask for who were not let through.
type writtenGatePolicy struct {
	APIVersion string          `yaml:"apiVersion"`
	Kind       string          `yaml:"kind"`
	Metadata   writtenMetadata `yaml:"metadata"`
	Spec       writtenGateSpec `yaml:"spec"`
}

type writtenGateSpec struct {
	Select       []string                `yaml:"select"`
	Environments []string                `yaml:"environments,omitempty,flow"`
	Budget       writtenGateLevels       `yaml:"budget,flow"`
	ConsumedIn1h writtenGateSpending     `yaml:"consumedIn1h,flow"`
	Burn         []writtenGateBurn       `yaml:"burn,omitempty"`
	Alerts       map[string]GateDecision `yaml:"alerts,flow"`
	Dependencies []writtenGateDependency `yaml:"dependencies,omitempty"`
	Passes       []ChangeKind            `yaml:"passes,flow"`
	IfUnknown    GateDecision            `yaml:"ifUnknown"`
	MaxAge       string                  `yaml:"maxAge"`
	ValidFor     string                  `yaml:"validFor"`
	Canary       *writtenGateCanary      `yaml:"canary,omitempty,flow"`
	Deploy       *writtenGateDeploy      `yaml:"deploy,omitempty,flow"`
}

type writtenGateLevels struct {
	Hold *writtenGateLevel `yaml:"hold,omitempty,flow"`
	Deny *writtenGateLevel `yaml:"deny,omitempty,flow"`
}

type writtenGateLevel struct {
	Below       string `yaml:"below"`
	ResumeAbove string `yaml:"resumeAbove"`
}

type writtenGateSpending struct {
	Hold string `yaml:"hold,omitempty"`
	Deny string `yaml:"deny,omitempty"`
}

type writtenGateBurn struct {
	Window string       `yaml:"window"`
	Above  float64      `yaml:"above"`
	Then   GateDecision `yaml:"then"`
}

type writtenGateDependency struct {
	Service string       `yaml:"service"`
	As      GateDecision `yaml:"as"`
}

type writtenGateCanary struct {
	By           string       `yaml:"by"`
	MinEvents    float64      `yaml:"minEvents"`
	FalseDenials string       `yaml:"falseDenials"`
	Margin       string       `yaml:"margin"`
	Within       string       `yaml:"within"`
	AtEnd        GateDecision `yaml:"atEnd"`
}

type writtenGateDeploy struct {
	Watch       string  `yaml:"watch"`
	MaxConsumed string  `yaml:"maxConsumed"`
	MinEvents   float64 `yaml:"minEvents"`
}

func writeGatePolicy(p *GatePolicy) writtenGatePolicy {
	out := writtenGatePolicy{APIVersion: APIVersion, Kind: KindGatePolicy, Metadata: writtenMetadata{Name: p.Name}}
	out.Spec = writtenGateSpec{
		Select: p.Select.texts(), Environments: p.Environments, Alerts: p.Alerts, Passes: p.Passes, IfUnknown: p.IfUnknown,
		Budget:       writtenGateLevels{Hold: writeGateLevel(p.Budget.Hold), Deny: writeGateLevel(p.Budget.Deny)},
		ConsumedIn1h: writtenGateSpending{Hold: writeSpent(p.ConsumedIn1h.Hold), Deny: writeSpent(p.ConsumedIn1h.Deny)},
		MaxAge:       FormatDuration(p.MaxAge), ValidFor: FormatDuration(p.ValidFor),
	}
	for _, b := range p.Burn {
		out.Spec.Burn = append(out.Spec.Burn, writtenGateBurn{FormatDuration(b.Window), b.Above, b.Then})
	}
	for _, d := range p.Dependencies {
		out.Spec.Dependencies = append(out.Spec.Dependencies, writtenGateDependency(d))
	}
	if c := p.Canary; c != nil {
		out.Spec.Canary = &writtenGateCanary{c.By, c.MinEvents, writePercent(c.FalseDenials), writePercent(c.Margin), FormatDuration(c.Within), c.AtEnd}
	}
	if d := p.Deploy; d != nil {
		out.Spec.Deploy = &writtenGateDeploy{FormatDuration(d.Watch), writePercent(d.MaxConsumed), d.MinEvents}
	}
	return out
}

func writeGateLevel(l *GateLevel) *writtenGateLevel {
	if l == nil {
		return nil
	}
	return &writtenGateLevel{writePercent(l.Below), writePercent(l.ResumeAbove)}
}

// writeSpent is empty for none.
func writeSpent(share float64) string {
	if share == 0 {
		return ""
	}
	return writePercent(share)
}

// writePercent is a share in percent that reads back as the same float.
func writePercent(share float64) string {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(share, 'f', -1, 64))
	if !ok {
		return "0%" // NaN or infinite, which no document says
	}
	return percentText(r)
}
