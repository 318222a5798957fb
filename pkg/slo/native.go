package slo

import (
	"fmt"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// APIVersion and KindSLO name the native format.
const (
	APIVersion = "slo-engine.dev/v1"
	KindSLO    = "SLO"
)

// nativeDocument is a document of kind SLO as it is written.
type nativeDocument struct {
	APIVersion string         `yaml:"apiVersion"`
	Kind       string         `yaml:"kind"`
	Metadata   nativeMetadata `yaml:"metadata" need:"metadata: {name: checkout-availability}"`
	Spec       nativeSpec     `yaml:"spec" need:"spec: with service, objective, window and sli"`
}

type nativeMetadata struct {
	Name        string            `yaml:"name" need:"a name such as checkout-availability"`
	Labels      map[string]string `yaml:"labels"`
	Annotations ignored           `yaml:"annotations"`
}

type nativeSpec struct {
	Service     string          `yaml:"service" need:"the service's name, such as checkout"`
	Description string          `yaml:"description"`
	Objective   nativeObjective `yaml:"objective" need:"a percentage such as 99.9%"`
	Window      *nativeWindow   `yaml:"window"`
	Windows     []nativeWindow  `yaml:"windows"`

	EarlierObjectives []nativeEarlier `yaml:"earlierObjectives"`

	SLI       *nativeSLI      `yaml:"sli"`
	Composite nativeComposite `yaml:"composite"`
	GroupBy   []string        `yaml:"groupBy"`
	MaxGroups *int            `yaml:"maxGroups"`
	Alerting  nativeAlerting  `yaml:"alerting"`
	Budgeting nativeBudgeting `yaml:"budgeting"`
	Source    string          `yaml:"source"`
}

type nativeSLI struct {
	Ratio     *nativeRatio     `yaml:"ratio"`
	Latency   *nativeLatency   `yaml:"latency"`
	Threshold *nativeThreshold `yaml:"threshold"`
	Spans     *nativeSpans     `yaml:"spans"`
	Logs      *nativeLogs      `yaml:"logs"`
	PromQL    *nativeQuery     `yaml:"promql"`
	LogQL     *nativeQuery     `yaml:"logql"`
}

type nativeRatio struct {
	Total      *string `yaml:"total"`
	Good       *string `yaml:"good"`
	Bad        *string `yaml:"bad"`
	ErrorRatio *string `yaml:"errorRatio"`
}

type nativeLatency struct {
	Histogram string        `yaml:"histogram" need:"a histogram's base name, such as http_request_duration_seconds"`
	Below     time.Duration `yaml:"below" need:"a duration such as 300ms"`
	Unit      nativeUnit    `yaml:"unit"`
	Errors    *string       `yaml:"errors"`
}

type nativeThreshold struct {
	Metric    string         `yaml:"metric" need:"a gauge, such as queue_length"`
	Above     *float64       `yaml:"above"`
	Below     *float64       `yaml:"below"`
	Exclusive bool           `yaml:"exclusive"`
	Slice     *time.Duration `yaml:"slice"`
	PerSample bool           `yaml:"perSample"`
}

type nativeAlerting struct {
	Policy      string `yaml:"policy"`
	nativeTerms `yaml:",inline"`
	Disabled    bool              `yaml:"disabled"`
	Name        string            `yaml:"name"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
	Critical    nativeAlertingOf  `yaml:"critical"`
	Warning     nativeAlertingOf  `yaml:"warning"`
	Severities  map[string]string `yaml:"severities"`
	Absent      nativeAbsent      `yaml:"absent"`
}

type nativeAlertingOf struct {
	Disabled    bool              `yaml:"disabled"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

type nativeAbsent struct {
	Disabled bool   `yaml:"disabled"`
	Name     string `yaml:"name"`
}

type nativeBudgeting struct {
	Method nativeMethod  `yaml:"method"`
	Slice  time.Duration `yaml:"slice"`
	Target nativeShare   `yaml:"target"`
}

type (
	nativeObjective struct{ Objective }
	nativeWindow    struct{ Window }
	nativeUnit      time.Duration
	nativeMethod    struct{ Method }
	nativeShare     struct{ ratio float64 }
	ignored         struct{}
)

// UnmarshalValue takes anything: notes of other tools are none of ours.
func (*ignored) UnmarshalValue(strictyaml.Value) {}

// UnmarshalValue reads a percentage, or a ratio that may be a bare number.
func (o *nativeObjective) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok {
			return
		}
	}
	parsed, err := ParseObjective(text)
	if err != nil {
		v.Report(err.Error(), objectiveFix(text))
		return
	}
	o.Objective = parsed
}

// objectiveFix guesses what was meant: 99.9 and 99,9% mean 99.9%.
func objectiveFix(text string) string {
	number := strings.TrimSuffix(strings.TrimSpace(text), "%")
	guess := strings.Replace(strings.TrimSpace(number), ",", ".", 1) + "%"
	if _, err := ParseObjective(guess); err != nil {
		guess = "99.9%"
		return fmt.Sprintf("write a percentage between 0%% and 100%%, such as %q", guess)
	}
	return fmt.Sprintf("write %q", guess)
}

// UnmarshalValue reads 30d, or {calendar: month, timeZone: Europe/Berlin}.
func (w *nativeWindow) UnmarshalValue(v strictyaml.Value) {
	if !v.IsMapping() {
		v.Decode(&w.Rolling)
		return
	}
	var calendar struct {
		Calendar nativePeriod `yaml:"calendar" need:"day, week, month, quarter or year"`
		TimeZone nativeZone   `yaml:"timeZone"`
	}
	v.Decode(&calendar)
	w.Period, w.Location = Period(calendar.Calendar), calendar.TimeZone.Location
}

type nativePeriod Period

// UnmarshalValue reads a calendar unit.
func (p *nativePeriod) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	period, ok := ParsePeriod(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not a calendar period", shorten(text)),
			strictyaml.Suggest(text, []string{"day", "week", "month", "quarter", "year"}))
	}
	*p = nativePeriod(period)
}

type nativeZone struct{ *time.Location }

// UnmarshalValue reads the name of a time zone.
func (z *nativeZone) UnmarshalValue(v strictyaml.Value) {
	name, ok := v.String()
	if !ok {
		return
	}
	location, err := LoadLocation(name)
	if err != nil {
		v.Report(fmt.Sprintf("%q is not a time zone", shorten(name)), "write a name of the IANA database, such as Europe/Berlin or UTC")
		return
	}
	z.Location = location
}

var units = map[string]time.Duration{
	"s": time.Second, "ms": time.Millisecond, "us": time.Microsecond, "µs": time.Microsecond, "ns": time.Nanosecond,
}

// UnmarshalValue reads a unit of time: s, ms, us or ns, or a duration.
func (u *nativeUnit) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	unit, ok := units[text]
	if !ok {
		var err error
		if unit, err = ParseDuration(text); err != nil || unit <= 0 {
			v.Report(fmt.Sprintf("%q is not a unit of time", shorten(text)), "write s, ms, us or ns")
			return
		}
	}
	*u = nativeUnit(unit)
}

// UnmarshalValue reads a budgeting method.
func (m *nativeMethod) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	method, ok := ParseMethod(text)
	if !ok {
		v.Report(fmt.Sprintf("%q is not a budgeting method", shorten(text)), "write occurrences, timeslices or ratio_timeslices")
		return
	}
	m.Method = method
}

// UnmarshalValue reads a share of good events, which may be all of them.
func (s *nativeShare) UnmarshalValue(v strictyaml.Value) {
	text, bare := v.Number()
	if !bare {
		var ok bool
		if text, ok = v.String(); !ok {
			return
		}
	}
	ratio, err := ParseShare(text)
	if err != nil {
		v.Report(err.Error(), "write a percentage such as 95%")
		return
	}
	s.ratio = ratio
}
