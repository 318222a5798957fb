package remotewrite

import "google.golang.org/protobuf/encoding/protowire"

// outline says where the parts of a time series lie that has the shape which
// senders give it:
//
//	1.0: labels; then samples or histograms, and exemplars
//	2.0: label references; then samples or histograms, exemplars, metadata
//	     and created timestamp
//
// What names the series comes first and in one piece, and every tag is one
// byte. That is enough to know the series by its bytes, and takes one pass.
// The rest of what protobuf allows (labels among the samples, fields that
// nobody knows, groups, tags of several bytes) and what is malformed has no
// outline: it is read by the general walk (message), which says what is wrong
// with it. So has a series with both samples and histograms, which are two
// series to the engine.
type outline struct {
	parts    *parts
	labels   []byte // the fields that name it, from the first tag on
	points   []byte // the fields after those
	metadata []byte // 2.0
	created  int64  // 2.0, in nanoseconds

	samples, histograms int
}

// part is what a field of a time series is, labels aside.
type part uint8

const (
	partOther part = iota // not part of the shape
	partSample
	partHistogram
	partExemplar
	partMetadata
	partCreated
)

// parts are the fields of a version, by their tag.
type parts [256]part

const tagLabels = 1<<3 | byte(protowire.BytesType)

var (
	parts1 = parts{0x12: partSample, 0x1a: partExemplar, 0x22: partHistogram}
	parts2 = parts{
		0x12: partSample, 0x1a: partHistogram, 0x22: partExemplar,
		0x2a: partMetadata, 0x30: partCreated,
	}
)

// read outlines a time series. False: it has another shape.
func (o *outline) read(b []byte, p *parts) bool {
	*o = outline{parts: p}
	at := endOfLabels(b)
	if at <= 0 {
		return false
	}
	o.labels, o.points = b[:at], b[at:]
	for rest := o.points; len(rest) > 0; {
		kind, body, n := p.next(rest)
		switch kind {
		case partSample:
			o.samples++
		case partHistogram:
			o.histograms++
		case partMetadata:
			if o.metadata != nil {
				return false
			}
			o.metadata = body
		case partCreated:
			v, _ := uvarint(body, 0)
			o.created = nanoseconds(v)
		case partOther:
			return false
		}
		rest = rest[n:]
	}
	return (o.samples > 0) != (o.histograms > 0)
}

// endOfLabels is how far the fields reach that name the series; -1 if the last
// one is cut off.
func endOfLabels(b []byte) (at int) {
	for at >= 0 && at < len(b) && b[at] == tagLabels {
		if at+1 < len(b) && b[at+1] < 0x80 { // nearly always: this loop is the hottest of all
			at += 2 + int(b[at+1])
			if at > len(b) {
				return -1
			}
			continue
		}
		_, at = chunk(b, at+1)
	}
	return at
}

// next returns the first field of b: its content, and how long it is with its
// tag. A field that is cut off is partOther.
func (p *parts) next(b []byte) (kind part, body []byte, n int) {
	kind = p[b[0]]
	if len(b) > 1 && b[1] < 0x80 && kind != partCreated {
		if n = 2 + int(b[1]); n <= len(b) {
			return kind, b[2:n], n
		}
	}
	if kind == partCreated {
		if _, n = uvarint(b, 1); n < 0 {
			return partOther, nil, 0
		}
		return kind, b[1:n], n
	}
	from, to := chunk(b, 1)
	if to < 0 {
		return partOther, nil, 0
	}
	return kind, b[from:to], to
}

// chunk reads the length at b[at:] and returns where the content begins and
// ends; -1, if it does not.
func chunk(b []byte, at int) (from, to int) {
	n, from := uvarint(b, at)
	if from < 0 || n > uint64(len(b)-from) {
		return -1, -1
	}
	return from, from + int(n)
}

// uvarint reads the number at b[at:] and returns where it ends; -1, if it does
// not, or is larger than 64 bits can say.
func uvarint(b []byte, at int) (v uint64, end int) {
	for shift := 0; at < len(b) && shift < 64; shift += 7 {
		c := b[at]
		at++
		v |= uint64(c&0x7f) << shift
		if c < 0x80 && (shift < 63 || c <= 1) {
			return v, at
		}
	}
	return 0, -1
}
