package config

import (
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Notify says who is told what happens, beside the Alertmanagers.
type Notify struct {
	// Loki gets a copy of the audit and of what alerts do; nil: there is none.
	Loki *Loki `yaml:"loki"`

	// Webhooks are told what happens, as CloudEvents. Default none.
	Webhooks []Webhook `yaml:"webhooks"`
}

// Loki is a Grafana Loki, and how to talk to it: the fields of Prometheus's
// HTTP client configuration stand beside its url.
type Loki struct {
	// URL is its address, with its path prefix if it has one.
	URL URL `yaml:"url" need:"an address such as http://127.0.0.1:3100"`
	// TenantID is whose lines they are, where Loki has tenants. Default none.
	TenantID string `yaml:"tenant_id"`
	// Labels are added to every line's. Default none but job: slo-engine.
	Labels map[string]string `yaml:"labels"`
	// BatchWait is how long a line waits for others, 10 ms to 5 s. Default 1 s.
	BatchWait time.Duration `yaml:"batch_wait"`
	// BatchSize is about how many bytes of lines travel together, 1 KiB to
	// 16 MiB. Default 1 MiB.
	BatchSize int `yaml:"batch_size"`
	// Timeout bounds one push, 100 ms to 5 s. Default 5 s.
	Timeout time.Duration `yaml:"timeout"`

	promconfig.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalValue fills in the defaults first.
func (l *Loki) UnmarshalValue(v strictyaml.Value) {
	type plain Loki // without this method
	p := plain{
		BatchWait: time.Second, BatchSize: 1 << 20, Timeout: 5 * time.Second,
		HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
	}
	v.Decode(&p)
	*l = Loki(p)
}

// String is the address, without secrets.
func (l Loki) String() string { return l.URL.String() }

func (v *validator) loki() {
	l := v.config.Notify.Loki
	if l == nil {
		return
	}
	const path = "notify.loki"
	if l.URL.URL == nil {
		v.fail(path+".url", "is empty", "write an address such as http://127.0.0.1:3100")
	}
	v.between(path+".batch_wait", l.BatchWait, 10*time.Millisecond, 5*time.Second)
	v.between(path+".timeout", l.Timeout, 100*time.Millisecond, 5*time.Second)
	v.lokiBatch(path+".batch_size", l.BatchSize)
	for name := range l.Labels {
		v.lokiLabel(strictyaml.Key(path+".labels", name), name)
	}
}

func (v *validator) lokiBatch(path string, bytes int) {
	if bytes < 1<<10 || bytes > 16<<20 {
		v.fail(path, "must be between 1024 and 16777216 bytes, not "+strconv.Itoa(bytes), "remove it for the default of 1048576")
	}
}

// ownLokiLabels are set on lines that have them, so nobody else may.
var ownLokiLabels = map[string]bool{"kind": true, "service": true, "severity": true}

func (v *validator) lokiLabel(path, name string) {
	switch {
	case ownLokiLabels[name]:
		v.fail(path, "is a label of the engine's own", "choose another name")
	case !model.LegacyValidation.IsValidLabelName(name) || name == "__tenant_id__":
		v.fail(path, "is no name of a label in Loki", "write letters, digits and _, such as cluster")
	}
}
