package gates

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// idBytes are enough that no two verdicts of an engine's life share an id.
const idBytes = 12

// identify is the name of a verdict: the same for the same question about the same
// evidence, whenever and in whichever engine it was asked.
func identify(v *gate.Verdict) string {
	var space [1024]byte
	d := digest(space[:0])
	r := &v.Request
	d.words(r.Service, r.SLO, string(r.Kind), r.Version, r.Baseline, r.Environment)
	d.words(v.Policy, string(v.Decision), string(v.IfUnknown))
	d.time(v.At)
	d.time(v.ValidUntil)
	for i := range v.Reasons {
		d.reason(&v.Reasons[i])
	}
	for i := range v.Evidence.Budgets {
		b := &v.Evidence.Budgets[i]
		d.words(b.ID, b.State)
		d.number(b.Remaining)
		d.number(b.ConsumedIn1h)
	}
	d.change(&v.Evidence)
	sum := sha256.Sum256(d)
	return hex.EncodeToString(sum[:idBytes])
}

// digest is what is hashed: each part says how long it is.
type digest []byte

func (d *digest) words(words ...string) {
	for _, w := range words {
		*d = append(binary.AppendUvarint(*d, uint64(len(w))), w...)
	}
}

func (d *digest) time(t time.Time) { *d = binary.BigEndian.AppendUint64(*d, uint64(t.UnixNano())) }

func (d *digest) float(f float64) { *d = binary.BigEndian.AppendUint64(*d, math.Float64bits(f)) }

func (d *digest) number(f *float64) {
	if f == nil {
		*d = append(*d, 0)
		return
	}
	*d = append(*d, 1)
	d.float(*f)
}

// reason is told by its text: that has the numbers. Those that are rounded in it
// follow.
func (d *digest) reason(r *gate.Reason) {
	d.words(string(r.Code), string(r.Decision), r.SLO, r.Service, r.Text)
	d.number(r.Value)
	d.number(r.Threshold)
	if r.Overruled {
		*d = append(*d, 1)
	}
}

// change is what is known of the change itself.
func (d *digest) change(e *gate.Evidence) {
	for i := range e.Canaries {
		c := &e.Canaries[i]
		d.words(c.SLO, c.By, c.Candidate.Version, c.Baseline.Version, string(c.Decision))
		for _, f := range []float64{c.Candidate.Bad, c.Candidate.Total, c.Baseline.Bad, c.Baseline.Total, c.Evidence} {
			d.float(f)
		}
	}
	if e.Deploy != nil {
		d.words(e.Deploy.ID)
		for i := range e.Deploy.SLOs {
			d.words(e.Deploy.SLOs[i].SLO)
			d.float(e.Deploy.SLOs[i].Events)
			d.number(e.Deploy.SLOs[i].Consumed)
		}
	}
	if e.Glass != nil {
		d.words(e.Glass.ID)
	}
}
