package remotewrite

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// finishLabels returns the series' labels as Prometheus would keep them:
// sorted, and without empty values, which mean the same as no label. If that
// cannot be done it says why, and the labels are only good for a message.
func (d *decoder) finishLabels() (labels.Labels, fault) {
	ls := d.labels[d.series.labels:len(d.labels):len(d.labels)]
	if d.series.fault.reason != "" {
		return ls, d.series.fault
	}
	if d.series.name != nil {
		return ls, badLabels("a label name has no value: the number of label references is odd")
	}
	byName := func(a, b labels.Label) int { return cmp.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(ls, byName) {
		slices.SortStableFunc(ls, byName)
	}
	if flaw := checkLabels(ls); flaw.reason != "" {
		return ls, flaw
	}
	ls = slices.DeleteFunc(ls, func(l labels.Label) bool { return l.Value == "" })
	if !labels.Labels(ls).Has(labels.MetricName) {
		return ls, badLabels("label __name__ is missing")
	}
	return ls, fault{}
}

// checkLabels looks at sorted labels.
func checkLabels(ls []labels.Label) fault {
	previous := ""
	for _, l := range ls {
		switch {
		case l.Name == "":
			return badLabels("a label name is empty")
		case l.Name == previous:
			return badLabels(fmt.Sprintf("label %q is there twice", l.Name))
		case !utf8.ValidString(l.Name):
			return badLabels(fmt.Sprintf("label name %q is not UTF-8", l.Name))
		case !utf8.ValidString(l.Value):
			return badLabels(fmt.Sprintf("the value of label %q is not UTF-8", l.Name))
		}
		previous = l.Name
	}
	return fault{}
}

func badLabels(detail string) fault { return fault{sli.ReasonBadLabels, detail} }

// lastTarget remembers one target.
type lastTarget struct {
	job, instance string
	target        string
	scratch       []byte
}

// of returns what a series' labels say is being watched.
func (t *lastTarget) of(ls labels.Labels, strings *interner) string {
	job, instance := ls.Get("job"), ls.Get("instance")
	if t.target == "" || job != t.job || instance != t.instance {
		t.scratch = append(t.scratch[:0], job...)
		t.scratch = append(t.scratch, 0xff)
		t.scratch = append(t.scratch, instance...)
		t.job, t.instance, t.target = job, instance, strings.of(t.scratch)
	}
	return t.target
}
