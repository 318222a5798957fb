package slo

import (
	"bytes"
	"strconv"
	"time"

	"go.yaml.in/yaml/v3"
)

// Encode writes Specs as documents of the native format, which can say all
// that a Spec can, and the BudgetAdjustments that select them. Reading them gives equal Specs, but for Origin, Format and
// Fields. They stand alone: what an AlertPolicy says of an SLO is written as the
// SLO's own, and no policy is named.
func Encode(specs []*Spec) ([]byte, error) {
	var b bytes.Buffer
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	for _, s := range specs {
		if err := encoder.Encode(written(s)); err != nil {
			return nil, err
		}
	}
	for _, a := range Adjustments(specs) {
		if err := encoder.Encode(writeAdjustment(a)); err != nil {
			return nil, err
		}
	}
	if len(specs) == 0 {
		return nil, nil
	}
	err := encoder.Close()
	return b.Bytes(), err
}

// The written… types are the native format as Encode writes it: in the order
// in which people read it, and nothing that goes without saying.
type writtenDocument struct {
	APIVersion string          `yaml:"apiVersion"`
	Kind       string          `yaml:"kind"`
	Metadata   writtenMetadata `yaml:"metadata"`
	Spec       writtenSpec     `yaml:"spec"`
}

type writtenMetadata struct {
	Name   string            `yaml:"name"`
	Labels map[string]string `yaml:"labels,omitempty"`
}

type writtenSpec struct {
	Service     string           `yaml:"service"`
	Description string           `yaml:"description,omitempty"`
	Objective   string           `yaml:"objective"`
	Earlier     []writtenEarlier `yaml:"earlierObjectives,omitempty"`
	Window      any              `yaml:"window,omitempty"`
	Windows     []any            `yaml:"windows,omitempty"`
	SLI         map[string]any   `yaml:"sli,omitempty"`
	Composite   any              `yaml:"composite,omitempty"`
	Source      string           `yaml:"source,omitempty"`
	GroupBy     []string         `yaml:"groupBy,omitempty,flow"`
	MaxGroups   int              `yaml:"maxGroups,omitempty"`
	Budgeting   writtenBudgeting `yaml:"budgeting,omitempty"`
	Alerting    writtenAlerting  `yaml:"alerting,omitempty"`
}

type writtenEarlier struct {
	Objective string `yaml:"objective"`
	Until     string `yaml:"until"`
}

type writtenCalendar struct {
	Calendar string `yaml:"calendar"`
	TimeZone string `yaml:"timeZone,omitempty"`
}

type writtenRatio struct {
	Total      string `yaml:"total,omitempty"`
	Good       string `yaml:"good,omitempty"`
	Bad        string `yaml:"bad,omitempty"`
	ErrorRatio string `yaml:"errorRatio,omitempty"`
}

type writtenLatency struct {
	Histogram string `yaml:"histogram"`
	Below     string `yaml:"below"`
	Unit      string `yaml:"unit,omitempty"`
	Errors    string `yaml:"errors,omitempty"`
}

type writtenThreshold struct {
	Metric    string   `yaml:"metric"`
	Above     *float64 `yaml:"above,omitempty"`
	Below     *float64 `yaml:"below,omitempty"`
	Exclusive bool     `yaml:"exclusive,omitempty"`
	Slice     string   `yaml:"slice,omitempty"`
	PerSample bool     `yaml:"perSample,omitempty"`
}

type writtenBudgeting struct {
	Method string `yaml:"method,omitempty"`
	Slice  string `yaml:"slice,omitempty"`
	Target string `yaml:"target,omitempty"`
}

type writtenAlerting struct {
	Disabled    bool              `yaml:"disabled,omitempty"`
	Name        string            `yaml:"name,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
	Critical    writtenAlertingOf `yaml:"critical,omitempty"`
	Warning     writtenAlertingOf `yaml:"warning,omitempty"`
	Severities  map[string]string `yaml:"severities,omitempty"`
	Absent      writtenAbsent     `yaml:"absent,omitempty"`
	Terms       writtenTerms      `yaml:",inline"`
}

type writtenAlertingOf struct {
	Disabled    bool              `yaml:"disabled,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type writtenAbsent struct {
	Disabled bool   `yaml:"disabled,omitempty"`
	Name     string `yaml:"name,omitempty"`
}

func written(s *Spec) writtenDocument {
	out := writtenDocument{APIVersion: APIVersion, Kind: KindSLO, Metadata: writtenMetadata{Name: s.Name, Labels: s.Labels}}
	out.Spec = writtenSpec{
		Service: s.Service, Description: s.Description, Objective: s.Objective.String(), Window: writeWindow(s.Window),
		SLI: writeSLI(s.SLI), Composite: writeComposite(s.Composite), Source: s.Source, GroupBy: s.GroupBy, Budgeting: writeBudgeting(s.Budgeting), Alerting: writeAlerting(s.Alerting),
	}
	if s.MaxGroups != DefaultMaxGroups {
		out.Spec.MaxGroups = s.MaxGroups
	}
	for _, e := range s.Earlier {
		out.Spec.Earlier = append(out.Spec.Earlier, writtenEarlier{e.Objective.String(), e.Until.Format(time.RFC3339)})
	}
	if len(s.Also) > 0 {
		out.Spec.Window = nil
		for _, w := range s.Windows() {
			out.Spec.Windows = append(out.Spec.Windows, writeWindow(w))
		}
	}
	return out
}

func writeWindow(w Window) any {
	if !w.Calendar() {
		return FormatDuration(w.Rolling)
	}
	calendar := writtenCalendar{Calendar: w.Period.String()}
	if w.Location != nil {
		calendar.TimeZone = w.Location.String()
	}
	return calendar
}

func writeSLI(s SLI) map[string]any {
	out := map[string]any{}
	if r := s.Ratio; r != nil {
		out["ratio"] = writtenRatio(*r)
	}
	if l := s.Latency; l != nil {
		latency := writtenLatency{Histogram: l.Histogram, Below: FormatDuration(l.Below), Errors: l.Errors}
		if l.Unit != time.Second {
			latency.Unit = FormatDuration(l.Unit)
		}
		out["latency"] = latency
	}
	if t := s.Threshold; t != nil {
		threshold := writtenThreshold{Metric: t.Metric, Above: t.Above, Below: t.Below, Exclusive: t.Exclusive, PerSample: t.PerSample}
		if t.Slice != time.Minute && !t.PerSample {
			threshold.Slice = FormatDuration(t.Slice)
		}
		out["threshold"] = threshold
	}
	if s.Spans != nil {
		out["spans"] = writeSpans(s.Spans)
	}
	if s.Logs != nil {
		out["logs"] = writeLogs(s.Logs)
	}
	if q := s.Query; q != nil {
		out[q.Language] = writeQuery(q)
	}
	return out
}

func writeBudgeting(b Budgeting) (out writtenBudgeting) {
	if b.Method == Occurrences {
		return out
	}
	out = writtenBudgeting{Method: b.Method.String(), Slice: FormatDuration(b.Slice)}
	if b.Target != 0 {
		out.Target = strconv.FormatFloat(b.Target, 'f', -1, 64)
	}
	return out
}

func writeAlerting(a Alerting) writtenAlerting {
	return writtenAlerting{
		Disabled: a.Disabled, Name: a.Name, Labels: a.Labels, Annotations: a.Annotations,
		Critical: writtenAlertingOf(a.Critical), Warning: writtenAlertingOf(a.Warning), Severities: a.Severities,
		Absent: writtenAbsent{Disabled: a.NoAbsent, Name: a.AbsentName}, Terms: writeTerms(a.Terms),
	}
}
