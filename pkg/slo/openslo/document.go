package openslo

import "github.com/slo-engine/slo-engine/pkg/slo/strictyaml"

// header is what all documents begin with.
type header struct {
	APIVersion string    `yaml:"apiVersion"`
	Kind       string    `yaml:"kind"`
	Metadata   *metadata `yaml:"metadata"`
}

func (h *header) name() string {
	if h.Metadata == nil {
		return ""
	}
	return h.Metadata.Name
}

type metadata struct {
	Name        string            `yaml:"name"`
	DisplayName string            `yaml:"displayName"`
	Labels      map[string]label  `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// sloDocument is an SLO of openslo/v1 or openslo.com/v2alpha. Where the two
// call one thing differently, both names are here.
type sloDocument struct {
	header `yaml:",inline"`
	Spec   *sloSpec `yaml:"spec"`
}

type sloSpec struct {
	Description     string `yaml:"description"`
	Service         string `yaml:"service"`
	ServiceRef      string `yaml:"serviceRef"`
	indicated       `yaml:",inline"`
	TimeWindow      []timeWindow `yaml:"timeWindow"`
	BudgetingMethod string       `yaml:"budgetingMethod"`
	Objectives      []objective  `yaml:"objectives"`
	AlertPolicies   []policyUse  `yaml:"alertPolicies"`
}

// indicated has an SLI, or the name of one.
type indicated struct {
	Indicator    *inlineSLI `yaml:"indicator"`
	IndicatorRef *string    `yaml:"indicatorRef"`
	SLI          *inlineSLI `yaml:"sli"`
	SLIRef       *string    `yaml:"sliRef"`
}

func (i indicated) any() bool {
	return i.Indicator != nil || i.IndicatorRef != nil || i.SLI != nil || i.SLIRef != nil
}

type inlineSLI struct {
	Metadata *metadata `yaml:"metadata"`
	Spec     *sliSpec  `yaml:"spec"`
}

type timeWindow struct {
	Duration  duration  `yaml:"duration"`
	IsRolling *bool     `yaml:"isRolling"`
	Calendar  *calendar `yaml:"calendar"`
}

type calendar struct {
	StartTime string `yaml:"startTime"`
	TimeZone  string `yaml:"timeZone"`
}

type objective struct {
	DisplayName     string   `yaml:"displayName"`
	Op              string   `yaml:"op"`
	Value           *number  `yaml:"value"`
	Target          *number  `yaml:"target"`
	TargetPercent   *number  `yaml:"targetPercent"`
	TimeSliceTarget *number  `yaml:"timeSliceTarget"`
	TimeSliceWindow duration `yaml:"timeSliceWindow"`
	indicated       `yaml:",inline"`
	CompositeWeight *number `yaml:"compositeWeight"`
}

type sliSpec struct {
	Description     string       `yaml:"description"`
	ThresholdMetric *metric      `yaml:"thresholdMetric"`
	RatioMetric     *ratioMetric `yaml:"ratioMetric"`
}

type ratioMetric struct {
	Counter *bool   `yaml:"counter"`
	Good    *metric `yaml:"good"`
	Bad     *metric `yaml:"bad"`
	Total   *metric `yaml:"total"`
	RawType string  `yaml:"rawType"`
	Raw     *metric `yaml:"raw"`
}

// metric has metricSource in openslo/v1, and the rest in openslo.com/v2alpha.
type metric struct {
	MetricSource   *metricSource   `yaml:"metricSource"`
	DataSourceRef  string          `yaml:"dataSourceRef"`
	DataSourceSpec *dataSourceSpec `yaml:"dataSourceSpec"`
	Spec           *query          `yaml:"spec"`
}

type metricSource struct {
	MetricSourceRef string `yaml:"metricSourceRef"`
	Type            string `yaml:"type"`
	Spec            *query `yaml:"spec"`
}

type serviceSpec struct {
	Description string `yaml:"description"`
}

type dataSourceSpec struct {
	Description       string    `yaml:"description"`
	Type              string    `yaml:"type"`
	ConnectionDetails *anything `yaml:"connectionDetails"`
}

type policySpec struct {
	Description         string         `yaml:"description"`
	AlertWhenNoData     bool           `yaml:"alertWhenNoData"`
	AlertWhenBreaching  bool           `yaml:"alertWhenBreaching"`
	AlertWhenResolved   bool           `yaml:"alertWhenResolved"`
	Conditions          []conditionUse `yaml:"conditions"`
	NotificationTargets []targetUse    `yaml:"notificationTargets"`
}

// inline is what documents have that stand inside others.
type inline struct {
	Kind     string    `yaml:"kind"`
	Metadata *metadata `yaml:"metadata"`
}

type policyUse struct {
	AlertPolicyRef *string `yaml:"alertPolicyRef"`
	inline         `yaml:",inline"`
	Spec           *policySpec `yaml:"spec"`
	bare           bool        // the name stands alone
}

// UnmarshalValue reads a bare name too, which is how the format once was.
func (u *policyUse) UnmarshalValue(v strictyaml.Value) {
	if v.IsString() {
		u.bare = true
		v.Decode(&u.AlertPolicyRef)
		return
	}
	type fields policyUse
	v.Decode((*fields)(u))
}

type conditionUse struct {
	ConditionRef *string `yaml:"conditionRef"`
	inline       `yaml:",inline"`
	Spec         *conditionSpec `yaml:"spec"`
}

type targetUse struct {
	TargetRef *string `yaml:"targetRef"`
	inline    `yaml:",inline"`
	Spec      *targetSpec `yaml:"spec"`
}

type conditionSpec struct {
	Severity    string         `yaml:"severity"`
	Condition   *conditionRule `yaml:"condition"`
	Description string         `yaml:"description"`
}

type conditionRule struct {
	Kind           string   `yaml:"kind"`
	Op             string   `yaml:"op"`
	Threshold      *number  `yaml:"threshold"`
	LookbackWindow duration `yaml:"lookbackWindow"`
	AlertAfter     duration `yaml:"alertAfter"`
}

type targetSpec struct {
	Description string `yaml:"description"`
	Target      string `yaml:"target"`
}
