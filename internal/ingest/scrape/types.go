package scrape

import (
	"context"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/scrape"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// families tells the types of metric families, as the target does.
type families interface {
	GetMetadata(family string) (scrape.MetricMetadata, bool)
}

func familiesOf(ctx context.Context) families {
	store, ok := scrape.MetricMetadataStoreFromContext(ctx)
	if !ok {
		return silent{}
	}
	return store
}

// silent tells nothing.
type silent struct{}

func (silent) GetMetadata(string) (scrape.MetricMetadata, bool) {
	return scrape.MetricMetadata{}, false
}

// typeOf is the type of a series as far as its samples (not its native
// histograms) go. It is asked anew in each scrape: a target that was replaced
// may mean something else by the name.
func (s *appender) typeOf(ls labels.Labels) sli.Type {
	name := ls.Get(labels.MetricName)
	kind, ok := s.types[name]
	if !ok {
		kind = typeIn(s.families, name)
		s.types[name] = kind
	}
	if kind == summary {
		if ls.Has(model.QuantileLabel) {
			return sli.TypeGauge
		}
		return sli.TypeUnknown
	}
	return kind
}

// summary stands for the series of a summary that has no suffix: its
// quantiles.
const summary sli.Type = 0xff

// suffixes of series that belong to a family of another name, and what they
// are in which families.
var suffixes = []struct {
	text  string
	types map[model.MetricType]sli.Type
}{
	{"_total", map[model.MetricType]sli.Type{model.MetricTypeCounter: sli.TypeCounter}},
	{"_bucket", map[model.MetricType]sli.Type{model.MetricTypeHistogram: sli.TypeCounter, model.MetricTypeGaugeHistogram: sli.TypeGauge}},
	{"_count", map[model.MetricType]sli.Type{model.MetricTypeHistogram: sli.TypeCounter, model.MetricTypeSummary: sli.TypeCounter}},
	{"_sum", map[model.MetricType]sli.Type{model.MetricTypeHistogram: sli.TypeCounter, model.MetricTypeSummary: sli.TypeCounter}},
	{"_gcount", map[model.MetricType]sli.Type{model.MetricTypeGaugeHistogram: sli.TypeGauge}},
	{"_gsum", map[model.MetricType]sli.Type{model.MetricTypeGaugeHistogram: sli.TypeGauge}},
	{"_info", map[model.MetricType]sli.Type{model.MetricTypeInfo: sli.TypeGauge}},
	{"_created", map[model.MetricType]sli.Type{
		model.MetricTypeCounter: sli.TypeGauge, model.MetricTypeHistogram: sli.TypeGauge, model.MetricTypeSummary: sli.TypeGauge,
	}},
}

// typeIn is the type of a metric among families: of the one that has its name,
// or else of the one that it is a part of.
func typeIn(all families, name string) sli.Type {
	if own, ok := all.GetMetadata(name); ok && own.Type != model.MetricTypeUnknown {
		return ownType(own.Type)
	}
	for _, suffix := range suffixes {
		family, found := strings.CutSuffix(name, suffix.text)
		if !found {
			continue
		}
		if of, ok := all.GetMetadata(family); ok {
			return suffix.types[of.Type] // or not known
		}
	}
	if reported[name] {
		return sli.TypeGauge
	}
	return sli.TypeUnknown
}

// ownType is what a series is that bears its family's own name.
func ownType(t model.MetricType) sli.Type {
	switch t {
	case model.MetricTypeCounter:
		return sli.TypeCounter
	case model.MetricTypeGauge, model.MetricTypeInfo, model.MetricTypeStateset:
		return sli.TypeGauge
	case model.MetricTypeSummary:
		return summary
	}
	return sli.TypeUnknown
}

// reported are the series that the library adds to each scrape.
var reported = map[string]bool{
	"up": true, "scrape_duration_seconds": true, "scrape_samples_scraped": true,
	"scrape_samples_post_metric_relabeling": true, "scrape_series_added": true,
}
