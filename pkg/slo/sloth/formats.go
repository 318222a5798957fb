package sloth

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The formats of this package.
var (
	// V1 is the format of documents that begin with version: prometheus/v1.
	V1 = slo.Format{APIVersion: "prometheus/v1"}
	// Resource is the same as a Kubernetes resource.
	Resource = slo.Format{APIVersion: "sloth.slok.dev/v1", Kind: "PrometheusServiceLevel"}
	// Windows is the format of AlertWindows.
	Windows = slo.Format{APIVersion: "sloth.slok.dev/v1", Kind: "AlertWindows"}
)

// DefaultPeriod is the window of all SLOs where nobody says another.
const DefaultPeriod = 30 * 24 * time.Hour

// Options say how documents are read. The zero value reads leniently.
type Options struct {
	// Strict makes errors of what Sloth itself refuses, and of unknown fields.
	// Otherwise these are warnings where the meaning is clear.
	Strict bool
	// Period is the window of all SLOs. 0: DefaultPeriod.
	Period time.Duration
	// Catalog takes up the AlertWindows that are read, the first of each
	// period. nil: they are only checked.
	Catalog Catalog
}

// Formats says how Sloth's documents are decoded, for slo.Loader.
func Formats(o Options) map[slo.Format]slo.Decoder {
	if o.Period == 0 {
		o.Period = DefaultPeriod
	}
	return map[slo.Format]slo.Decoder{
		V1:       {SLOs: o.decodeV1},
		Resource: {SLOs: o.decodeResource},
		Windows:  {Part: o.decodeWindows},
	}
}

// unknown is the severity of fields that Sloth does not have.
func (o Options) unknown() slo.Severity {
	if o.Strict {
		return slo.Error
	}
	return slo.Warning
}
