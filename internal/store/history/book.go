package history

import (
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// entry is one series: its labels, made once, and where the TSDB has it.
type entry struct {
	labels labels.Labels
	ref    storage.SeriesRef // 0: not appended yet
	round  uint64            // the last append that had it
	next   *entry            // of the same hash
}

// book knows the series of the last append, so that those of the next need
// neither labels of their own nor a search in the TSDB. What an append does
// not have is forgotten with it: the book is never larger than its source.
type book struct {
	byHash map[uint64]*entry
	size   int
	round  uint64
	buffer []byte
}

func newBook() book { return book{byHash: map[uint64]*entry{}} }

// entry finds or makes the entry of a series.
func (b *book) entry(name string, pairs []*dto.LabelPair) *entry {
	hash := b.hash(name, pairs)
	for e := b.byHash[hash]; e != nil; e = e.next {
		if same(e.labels, name, pairs) {
			return e
		}
	}
	e := &entry{labels: labelsOf(name, pairs), next: b.byHash[hash]}
	b.byHash[hash] = e
	b.size++
	return e
}

// forget drops the entries that the current round did not have, and hands
// them over.
func (b *book) forget(dropped func(*entry)) {
	for hash, first := range b.byHash {
		var kept *entry
		for e := first; e != nil; {
			next := e.next
			if e.round == b.round {
				e.next, kept = kept, e
			} else {
				b.size--
				dropped(e)
			}
			e = next
		}
		if kept == nil {
			delete(b.byHash, hash)
		} else if kept != first {
			b.byHash[hash] = kept
		}
	}
}

const separator = '\xff' // in no UTF-8 text

func (b *book) hash(name string, pairs []*dto.LabelPair) uint64 {
	text := append(append(b.buffer[:0], name...), separator)
	for _, p := range pairs {
		text = append(append(text, p.GetName()...), separator)
		text = append(append(text, p.GetValue()...), separator)
	}
	b.buffer = text
	return xxhash.Sum64(text)
}

// same reports whether labels are those of a metric.
func same(have labels.Labels, name string, pairs []*dto.LabelPair) bool {
	count := 1
	for _, p := range pairs {
		if p.GetValue() == "" {
			continue
		}
		if have.Get(p.GetName()) != p.GetValue() {
			return false
		}
		count++
	}
	return have.Len() == count && have.Get(labels.MetricName) == name
}

// labelsOf are the labels of a series. An empty value is none.
func labelsOf(name string, pairs []*dto.LabelPair) labels.Labels {
	list := make([]labels.Label, 0, len(pairs)+1)
	list = append(list, labels.Label{Name: labels.MetricName, Value: name})
	for _, p := range pairs {
		if p.GetValue() != "" {
			list = append(list, labels.Label{Name: p.GetName(), Value: p.GetValue()})
		}
	}
	slices.SortFunc(list, func(a, b labels.Label) int { return strings.Compare(a.Name, b.Name) })
	return labels.New(list...)
}
