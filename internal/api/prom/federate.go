package prom

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"google.golang.org/protobuf/proto"
)

// federate answers with the newest sample of each selected series, as a page
// that another Prometheus scrapes.
func (h *handler) federate(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, fmt.Sprintf("error parsing form values: %v", err), http.StatusBadRequest)
		return
	}
	selectors, err := parser.ParseMetricSelectors(r.Form["match[]"])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	families, err := h.newest(r, selectors)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	format := expfmt.Negotiate(r.Header)
	w.Header().Set("Content-Type", string(format))
	page := expfmt.NewEncoder(w, format)
	for _, f := range families {
		if err := page.Encode(f); err != nil {
			h.Logger.Warn("federation ended early", "error", err)
			return
		}
	}
}

// newest reads the newest samples within the look-back, by metric.
func (h *handler) newest(r *http.Request, selectors [][]*labels.Matcher) ([]*dto.MetricFamily, error) {
	now := time.Now()
	from, to := now.Add(-h.Lookback).UnixMilli(), now.UnixMilli()
	q, err := h.Storage.Querier(from, to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Close() }() // it was only read
	hints := &storage.SelectHints{Start: from, End: to}
	sets := make([]storage.SeriesSet, len(selectors))
	for i, s := range selectors {
		sets[i] = q.Select(r.Context(), true, hints, s...)
	}
	return familiesOf(storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge))
}

func familiesOf(set storage.SeriesSet) ([]*dto.MetricFamily, error) {
	var families []*dto.MetricFamily
	byName := map[string]*dto.MetricFamily{}
	var it chunkenc.Iterator
	for set.Next() {
		series := set.At()
		it = series.Iterator(it)
		m, err := newestOf(series.Labels(), it)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		name := series.Labels().Get(labels.MetricName)
		if byName[name] == nil {
			byName[name] = &dto.MetricFamily{Name: proto.String(name), Type: dto.MetricType_UNTYPED.Enum()}
			families = append(families, byName[name])
		}
		byName[name].Metric = append(byName[name].Metric, m)
	}
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return families, set.Err()
}

// newestOf is a series at its newest sample; nil if that says that it ended.
func newestOf(l labels.Labels, it chunkenc.Iterator) (*dto.Metric, error) {
	at, v, found := int64(0), 0.0, false
	for it.Next() == chunkenc.ValFloat {
		at, v = it.At()
		found = true
	}
	if !found || value.IsStaleNaN(v) {
		return nil, it.Err()
	}
	return &dto.Metric{
		Label: pairs(l), TimestampMs: proto.Int64(at), Untyped: &dto.Untyped{Value: proto.Float64(v)},
	}, it.Err()
}

// pairs are the labels of a federated series. The empty instance keeps the
// scraper from adding its own.
func pairs(l labels.Labels) (list []*dto.LabelPair) {
	l.Range(func(one labels.Label) {
		if one.Name != labels.MetricName {
			list = append(list, &dto.LabelPair{Name: proto.String(one.Name), Value: proto.String(one.Value)})
		}
	})
	if !l.Has(model.InstanceLabel) {
		list = append(list, &dto.LabelPair{Name: proto.String(model.InstanceLabel), Value: proto.String("")})
	}
	return list
}
