package sli

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// A series' names are the numbers of its words in a table of symbols. First
// the target and the labels, which are its identity; then the labels under its
// sender's own names, if those differ. Before both stand their lengths.
//
// A word is a label with its value: of ten labels a series keeps some twenty
// bytes instead of seven hundred.

// called is a series' names, unpacked.
type called struct {
	labels, raw labels.Labels
	target      string
}

// metric is the metric's name as Prometheus writes it.
func (c called) metric() string { return c.labels.Get(labels.MetricName) }

// symbols number the words that names are made of. They grow with what is
// known, and are made anew when as many series have left as are known.
type symbols struct {
	numbers table
	places  []place            // by number
	texts   []*strings.Builder // each written once, up to its end
	scratch []byte
	left    int // how many series that had names of them were swept
}

// place is where a word stands: in which text, and from where on, behind the
// lengths of name and value.
type place struct{ text, at uint32 }

// smallestText is the size of the first text; each is twice as large as the
// one before, up to 64 KiB.
const smallestText = 1 << 10

func newSymbols() *symbols { return &symbols{} }

// word is the word with that number. A target has no name.
func (y *symbols) word(number uint32) labels.Label {
	p := y.places[number]
	rest := y.texts[p.text].String()[p.at:]
	name, rest := cutLength(rest)
	value, rest := cutLength(rest)
	return labels.Label{Name: rest[:name], Value: rest[name : name+value]}
}

// cutLength reads a length, as binary.AppendUvarint writes it.
func cutLength(s string) (n int, rest string) {
	for i, shift := 0, 0; ; i, shift = i+1, shift+7 {
		n |= int(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return n, s[i+1:]
		}
	}
}

func hashOfWord(name, value string) uint32 {
	mixed, low := bits.Mul64(maphash.String(keySeed, name)^0x9e3779b97f4a7c15, maphash.String(keySeed, value)|1)
	return uint32((mixed ^ low) >> 32)
}

// find returns the number of a word, if it has one.
func (y *symbols) find(name, value string) (uint32, bool) {
	return y.numbers.find(hashOfWord(name, value), func(n uint32) bool {
		w := y.word(n)
		return w.Value == value && w.Name == name
	})
}

// number returns the number of a word, which is new if need be.
func (y *symbols) number(name, value string) uint32 {
	n, ok := y.find(name, value)
	if !ok {
		n = uint32(len(y.places))
		y.places = append(y.places, y.write(name, value))
		y.numbers.add(hashOfWord(name, value), n)
	}
	return n
}

// hold returns a value that may be kept: that of the word, or a copy if no
// series has the word.
func (y *symbols) hold(name, value string) string {
	if n, ok := y.find(name, value); ok {
		return y.word(n).Value
	}
	return strings.Clone(value)
}

// write copies a word to the last text, or to a new one if it has no room:
// what was read of a text must stay where it is.
func (y *symbols) write(name, value string) place {
	head := binary.AppendUvarint(binary.AppendUvarint(make([]byte, 0, 2*binary.MaxVarintLen64), uint64(len(name))), uint64(len(value)))
	size := len(head) + len(name) + len(value)
	if last := len(y.texts) - 1; last < 0 || y.texts[last].Cap()-y.texts[last].Len() < size {
		text := &strings.Builder{}
		text.Grow(max(size, smallestText<<min(len(y.texts), 6)))
		y.texts = append(y.texts, text)
	}
	text := y.texts[len(y.texts)-1]
	at := place{uint32(len(y.texts) - 1), uint32(text.Len())}
	text.Write(head)
	text.WriteString(name)
	text.WriteString(value)
	return at
}

// key packs the identity of a series; valid until the next call. ok is false
// when it has a word that nobody has: then the series is not known.
func (y *symbols) key(in *Series) (key []byte, ok bool) {
	to := y.scratch[:0]
	defer func() { y.scratch = to }()
	n, ok := y.find("", in.Target)
	if !ok {
		return nil, false
	}
	to = binary.AppendUvarint(to, uint64(n))
	for _, l := range in.Labels {
		if n, ok = y.find(l.Name, l.Value); !ok {
			return nil, false
		}
		to = binary.AppendUvarint(to, uint64(n))
	}
	return to, true
}

// pack appends the names of a series, and says where in them its identity is.
func (y *symbols) pack(to []byte, c called) (packed, identity []byte) {
	words := binary.AppendUvarint(y.scratch[:0], uint64(y.number("", c.target)))
	words = y.appendLabels(words, c.labels)
	length := len(words)
	words = y.appendLabels(words, c.raw)
	y.scratch = words
	to = binary.AppendUvarint(to, uint64(length))
	to = binary.AppendUvarint(to, uint64(len(words)-length))
	to = append(to, words...)
	return to, to[len(to)-len(words):][:length]
}

func (y *symbols) appendLabels(to []byte, ls labels.Labels) []byte {
	for _, l := range ls {
		to = binary.AppendUvarint(to, uint64(y.number(l.Name, l.Value)))
	}
	return to
}

// cutNames splits what begins with a series' names.
func cutNames(packed []byte) (identity, raw []byte) {
	length, n := binary.Uvarint(packed)
	more, m := binary.Uvarint(packed[n:])
	words := packed[n+m:]
	return words[:length], words[length:][:more]
}

// unpack is the reverse of pack. Numbers that stand for nothing, of a damaged
// snapshot, end it.
func (y *symbols) unpack(identity, raw []byte) (c called) {
	target, identity := y.next(identity)
	c.target = target.Value
	c.labels, c.raw = y.labels(identity), y.labels(raw)
	return c
}

func (y *symbols) labels(packed []byte) (ls labels.Labels) {
	n := 0
	for _, b := range packed {
		if b < 0x80 { // the last one of a number
			n++
		}
	}
	if n == 0 {
		return nil
	}
	ls = make(labels.Labels, 0, n)
	for len(packed) > 0 {
		var l labels.Label
		if l, packed = y.next(packed); l != (labels.Label{}) {
			ls = append(ls, l)
		}
	}
	return ls
}

// next reads the first word of a row.
func (y *symbols) next(packed []byte) (l labels.Label, rest []byte) {
	number, n := binary.Uvarint(packed)
	if n <= 0 || number >= uint64(len(y.places)) {
		return labels.Label{}, nil
	}
	return y.word(uint32(number)), packed[n:]
}
