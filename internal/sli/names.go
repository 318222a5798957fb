package sli

import (
	"encoding/binary"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// names is how a series is called, in as few bytes as it takes: the numbers of
// its strings in a table of symbols. First the target and the labels, which
// are its identity; then the labels under its sender's own names, if those
// differ.
//
// Labels say the same words over and over: of ten of them a series keeps some
// forty bytes instead of seven hundred.
type names struct {
	packed   string
	identity uint32 // how much of packed is the identity
}

// key is what tells the series from all others.
func (n names) key() string { return n.packed[:n.identity] }

// called is a series' names, unpacked.
type called struct {
	labels, raw labels.Labels
	target      string
}

// metric is the metric's name as Prometheus writes it.
func (c called) metric() string { return c.labels.Get(labels.MetricName) }

// symbols number the strings that names are made of. They grow with what is
// known and are made anew when most of them are no longer in use.
type symbols struct {
	numbers map[string]uint32
	texts   []string
	scratch []byte
	fresh   int // how many there were when they were last made anew
}

func newSymbols() *symbols { return &symbols{numbers: map[string]uint32{}} }

// number returns the number of a string, which is new if need be.
func (y *symbols) number(s string) uint32 {
	if n, ok := y.numbers[s]; ok {
		return n
	}
	s = strings.Clone(s) // the batch may not be kept
	n := uint32(len(y.texts))
	y.numbers[s], y.texts = n, append(y.texts, s)
	return n
}

// key packs the identity of a series; valid until the next call. ok is false
// when it has a string that nobody has: then the series is not known.
func (y *symbols) key(in *Series) (key []byte, ok bool) {
	to := y.scratch[:0]
	defer func() { y.scratch = to }()
	n, ok := y.numbers[in.Target]
	if !ok {
		return nil, false
	}
	to = binary.AppendUvarint(to, uint64(n))
	for _, l := range in.Labels {
		name, known := y.numbers[l.Name]
		value, valued := y.numbers[l.Value]
		if !known || !valued {
			return nil, false
		}
		to = binary.AppendUvarint(binary.AppendUvarint(to, uint64(name)), uint64(value))
	}
	return to, true
}

// pack makes names of a series' labels.
func (y *symbols) pack(c called) names {
	to := binary.AppendUvarint(y.scratch[:0], uint64(y.number(c.target)))
	to = y.appendLabels(to, c.labels)
	identity := len(to)
	to = y.appendLabels(to, c.raw)
	y.scratch = to
	return names{string(to), uint32(identity)}
}

func (y *symbols) appendLabels(to []byte, ls labels.Labels) []byte {
	for _, l := range ls {
		to = binary.AppendUvarint(to, uint64(y.number(l.Name)))
		to = binary.AppendUvarint(to, uint64(y.number(l.Value)))
	}
	return to
}

// unpack is the reverse of pack. Numbers that stand for nothing, of a damaged
// snapshot, end it.
func (y *symbols) unpack(n names) called {
	c := called{}
	rest := []byte(n.packed)
	next := func() string {
		number, size := binary.Uvarint(rest)
		if size <= 0 || number >= uint64(len(y.texts)) {
			rest = nil
			return ""
		}
		rest = rest[size:]
		return y.texts[number]
	}
	c.target = next()
	for len(rest) > 0 {
		at := len(n.packed) - len(rest)
		l := labels.Label{Name: next(), Value: next()}
		if at < int(n.identity) {
			c.labels = append(c.labels, l)
		} else {
			c.raw = append(c.raw, l)
		}
	}
	return c
}

// renumber makes the symbols anew once half of them name nothing known.
func (t *Tracker) renumber() {
	if len(t.symbols.texts) < 2*t.symbols.fresh+smallestPage {
		return
	}
	old, known := t.symbols, t.series
	t.symbols, t.series = newSymbols(), make(map[string]*series, len(known))
	for _, s := range known {
		s.names = t.symbols.pack(old.unpack(s.names))
		t.series[s.names.key()] = s
	}
	t.symbols.fresh = len(t.symbols.texts)
}
