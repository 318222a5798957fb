package pyrra

// The written… types are a document as Encode writes it: in the order in which
// people read it, and nothing that goes without saying.
type writtenDocument struct {
	APIVersion string          `yaml:"apiVersion"`
	Kind       string          `yaml:"kind"`
	Metadata   writtenMetadata `yaml:"metadata"`
	Spec       writtenSpec     `yaml:"spec"`
}

type writtenMetadata struct {
	Name        string            `yaml:"name"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

type writtenSpec struct {
	Description string          `yaml:"description,omitempty"`
	Target      string          `yaml:"target"`
	Window      string          `yaml:"window"`
	Indicator   map[string]any  `yaml:"indicator"`
	Alerting    writtenAlerting `yaml:"alerting,omitempty"`
}

type writtenQuery struct {
	Metric string `yaml:"metric"`
}

type writtenRatio struct {
	Errors   writtenQuery `yaml:"errors"`
	Total    writtenQuery `yaml:"total"`
	Grouping []string     `yaml:"grouping,omitempty,flow"`
}

type writtenLatency struct {
	Success  writtenQuery `yaml:"success"`
	Total    writtenQuery `yaml:"total"`
	Grouping []string     `yaml:"grouping,omitempty,flow"`
}

type writtenNative struct {
	Total    writtenQuery `yaml:"total"`
	Latency  string       `yaml:"latency"`
	Grouping []string     `yaml:"grouping,omitempty,flow"`
}

type writtenGauge struct {
	Metric   string   `yaml:"metric"`
	Grouping []string `yaml:"grouping,omitempty,flow"`
}

type writtenAlerting struct {
	Burnrates  *bool             `yaml:"burnrates,omitempty"`
	Absent     *bool             `yaml:"absent,omitempty"`
	Name       string            `yaml:"name,omitempty"`
	AbsentName string            `yaml:"absentName,omitempty"`
	Severities map[string]string `yaml:"severities,omitempty"`
}
