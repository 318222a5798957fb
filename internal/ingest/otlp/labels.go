package otlp

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// identity is the label sets of a data point without the metric's name:
// sorted, without duplicates and empty values. Valid until the next one.
type identity struct {
	prom, raw []labels.Label
}

// identify merges a point's attributes with those of its resource.
func (t *translator) identify(res *resource, attributes pcommon.Map, extra int) (identity, *refusal) {
	if res.refused != nil {
		return identity{}, res.refused
	}
	var r *refusal
	if t.attributes, r = t.readAttributes(t.attributes[:0], attributes); r != nil {
		return identity{}, r
	}
	t.renamed = t.rename(t.renamed[:0], t.attributes)
	t.prom = overlay(t.prom[:0], t.renamed, res.prom, res)
	t.raw = overlay(t.raw[:0], joinDuplicates(t.attributes), res.raw, res)
	return identity{t.prom, t.raw}, t.checkLimits(1 + extra)
}

// readAttributes appends attributes sorted by key, with their values in the
// text form that Prometheus gives them. More than could ever be taken are
// refused before work is spent on them.
func (t *translator) readAttributes(to []labels.Label, attributes pcommon.Map) ([]labels.Label, *refusal) {
	if n := attributes.Len(); n > t.limits.MaxLabels {
		return to, labelLimit("there are %d attributes, at most %d labels are taken", n, t.limits.MaxLabels)
	}
	for key, value := range attributes.All() {
		l := labels.Label{Name: key, Value: value.AsString()}
		switch {
		case l.Name == "":
			return to, &refusal{sli.ReasonBadLabels, "an attribute has no name"}
		case !utf8.ValidString(l.Name) || !utf8.ValidString(l.Value):
			return to, &refusal{sli.ReasonBadLabels, fmt.Sprintf("attribute %q is not UTF-8", shorten(l.Name))}
		}
		to = append(to, l)
	}
	slices.SortStableFunc(to, byName)
	return to, nil
}

// rename appends attributes under their Prometheus names. Those that get the
// same name are joined in the order of their own names.
func (t *translator) rename(to, attributes []labels.Label) []labels.Label {
	for _, l := range attributes {
		to = append(to, labels.Label{Name: t.names.label(l.Name), Value: l.Value})
	}
	slices.SortStableFunc(to, byName)
	return joinDuplicates(to)
}

// joinDuplicates makes sorted names unique in place: values are joined by a
// semicolon, as Prometheus does.
func joinDuplicates(sorted []labels.Label) []labels.Label {
	kept := sorted[:0]
	for _, l := range sorted {
		if n := len(kept); n > 0 && kept[n-1].Name == l.Name {
			kept[n-1].Value += ";" + l.Value
			continue
		}
		kept = append(kept, l)
	}
	return kept
}

// overlay merges a point's labels over those of its resource, both sorted.
// The point's win, except over the job and instance that the resource gives.
// Empty values are left out: to Prometheus they are labels that do not exist.
func overlay(to, point, below []labels.Label, res *resource) []labels.Label {
	for len(point) > 0 || len(below) > 0 {
		var l labels.Label
		switch order := compareHeads(point, below); {
		case order < 0:
			l, point = point[0], point[1:]
		case order > 0:
			l, below = below[0], below[1:]
		default:
			l = point[0]
			if res.fixes(l.Name) {
				l = below[0]
			}
			point, below = point[1:], below[1:]
		}
		if l.Value != "" {
			to = append(to, l)
		}
	}
	return to
}

// compareHeads orders the first labels of two lists; an empty list is last.
func compareHeads(a, b []labels.Label) int {
	switch {
	case len(a) == 0:
		return 1
	case len(b) == 0:
		return -1
	}
	return byName(a[0], b[0])
}

func byName(a, b labels.Label) int { return strings.Compare(a.Name, b.Name) }

// checkLimits holds the label sets at hand against the limits; extra labels
// are still to come. The number counts under the Prometheus names, the
// lengths under both.
func (t *translator) checkLimits(extra int) *refusal {
	if n := len(t.prom) + extra; n > t.limits.MaxLabels {
		return labelLimit("the series has %d labels, at most %d are taken", n, t.limits.MaxLabels)
	}
	if size := int64(t.labels.taken) * int64(unsafe.Sizeof(labels.Label{})); size > maxExpansion*t.limits.MaxDecodedBytes {
		return &refusal{sli.ReasonSeriesLimit, "the labels of this request take too much memory"}
	}
	if r := t.checkLengths(t.prom); r != nil {
		return r
	}
	return t.checkLengths(t.raw)
}

func (t *translator) checkLengths(ls []labels.Label) *refusal {
	for _, l := range ls {
		if len(l.Name) > t.limits.MaxLabelNameBytes {
			return labelLimit("the label name %q has %d bytes, at most %d are taken", shorten(l.Name), len(l.Name), t.limits.MaxLabelNameBytes)
		}
		if len(l.Value) > t.limits.MaxLabelValueBytes {
			return labelLimit("the value of label %q has %d bytes, at most %d are taken", l.Name, len(l.Value), t.limits.MaxLabelValueBytes)
		}
	}
	return nil
}

func labelLimit(format string, args ...any) *refusal {
	return &refusal{sli.ReasonLabelLimit, fmt.Sprintf(format, args...)}
}

// series completes a label set with its name and, where it has a name, one
// more label. These two replace attributes that happen to be called alike.
func (t *translator) series(base []labels.Label, metric string, extra labels.Label) labels.Labels {
	out := append(t.labels.take(len(base)+2), base...)
	out = put(out, labels.Label{Name: labels.MetricName, Value: metric})
	if extra.Name != "" {
		out = put(out, extra)
	}
	return out
}

// put inserts a label in its place, or replaces the one of the same name.
func put(ls []labels.Label, l labels.Label) []labels.Label {
	i, found := slices.BinarySearchFunc(ls, l, byName)
	if found {
		ls[i] = l
		return ls
	}
	return slices.Insert(ls, i, l)
}
