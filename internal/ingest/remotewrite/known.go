package remotewrite

import (
	"unsafe"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// A series that is known is not read: its labels are bytes that have a key in
// the engine's book, and its points go straight into the batch. What reading
// it would tell is kept with the key, as its tag: the type, and which replica
// of a Prometheus pair sends it. Key and tag are made of nothing that differs
// from request to request, so what was true when a key was learnt stays true.

// tagOf packs what is remembered of a series. 0 is a series of unknown type
// that belongs to no replica.
func tagOf(t sli.Type, from replicaNumber) uint32 { return uint32(from)<<2 | uint32(t) }

func openTag(tag uint32) (sli.Type, replicaNumber) { return sli.Type(tag & 3), replicaNumber(tag >> 2) }

// saltOf tells apart what is spelt alike and is another series all the same:
// in the other version, of another kind or family, or of another handler,
// which numbers its replicas in its own way.
func (d *decoder) saltOf(o *outline, f family) uint64 {
	salt := d.salt + uint64(f)<<2
	if d.block.version == version2 {
		salt++
	}
	if o.histograms > 0 {
		salt += 2
	}
	return salt
}

// quick takes the points of a series that is known, or of a replica that is
// not heard. False: the series has to be read all the same; nothing has been
// done.
func (d *decoder) quick(c *candidate) (bool, error) {
	o, verdict := &c.outline, d.recall(c.from)
	if verdict == verdictNoRoom || verdict == verdictElected && c.known == nil {
		return false, nil
	}
	mark := len(d.batch.Samples)
	possible, err := d.points(o, sli.Sample{Known: c.known, Type: c.kind})
	if err != nil {
		return false, err
	}
	if !possible || verdict == verdictOther || c.known.Ignored() {
		clear(d.batch.Samples[mark:])
		d.batch.Samples = d.batch.Samples[:mark]
	}
	switch {
	case !possible:
		return false, nil
	case verdict == verdictOther:
		d.tally.unheard.add(o.samples, o.histograms)
	default:
		d.tally.handed.add(o.samples, o.histograms)
	}
	d.tally.sent.add(o.samples, o.histograms)
	return true, nil
}

// points appends the points of an outline to the batch, each as a copy of to.
// False: one of them is not possible, and who says so has to name the series.
func (d *decoder) points(o *outline, to sli.Sample) (possible bool, err error) {
	if err := d.spend(uintptr(o.samples+o.histograms) * unsafe.Sizeof(to)); err != nil {
		return false, err
	}
	for rest := o.points; len(rest) > 0; {
		part, body, n := o.parts.next(rest)
		rest = rest[n:]
		var flaw error
		switch part {
		case partSample:
			err = readSample(&to.Point, body)
		case partHistogram:
			to.Point, flaw, err = d.readNative(body)
		default:
			continue
		}
		if flaw != nil || err != nil {
			return false, err
		}
		if to.Point.Start == 0 {
			to.Point.Start = o.created
		}
		d.batch.Samples = append(d.batch.Samples, to)
	}
	return true, nil
}
