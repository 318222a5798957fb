package remotewrite

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"unsafe"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// decoder turns the bytes of one request into a batch. The two versions
// differ in how they are read (version1.go, version2.go); what makes a series
// fit to be handed on is the same for both (series.go).
type decoder struct {
	limits  ingest.Limits
	salt    uint64 // of the handler's keys
	strings interner
	electorate
	// page is where known series are found in this request. Nil: nothing is
	// known.
	page *sli.Page

	// The result.
	batch sli.Batch
	tally tally

	// What the batch's slices point into: reused from request to request.
	labels     []labels.Label
	samples    []sli.Point
	histograms []sli.Point
	symbols    []symbol
	hashes     []sli.Key // of the symbols
	spelling   []byte    // of the series being read, in hashes

	// memory is what this request may still make of its bytes.
	memory int64
	// block holds the series that are next.
	block block
	// series is the one being read.
	series seriesDraft
	// target is the last one made: neighbours mostly share it.
	target lastTarget
}

// memoryFactor bounds what a request becomes in memory, as a multiple of
// MaxDecodedBytes. Protobuf is dense where its content is empty (two bytes
// are a sample), so a bound on bytes alone is none on memory. A real request
// with ten labels a series grows about tenfold: the bound is met only by
// requests that come near to MaxDecodedBytes.
const memoryFactor = 4

var errTooMuchMemory = errors.New("decoded, it would take more memory than a request may")

// spend accounts for memory before it is allocated.
func (d *decoder) spend(bytes uintptr) error {
	d.memory -= int64(bytes)
	if d.memory < 0 {
		return errTooMuchMemory
	}
	return nil
}

// decode reads one message. On an error nothing of it may be handed on.
func (d *decoder) decode(v version, message []byte) error {
	d.memory = memoryFactor * d.limits.MaxDecodedBytes
	d.block.version = v
	read := d.request1
	if v == version2 {
		read = d.request2
	}
	err := read(message)
	switch {
	case errors.Is(err, errTooMuchMemory):
		return problemf(http.StatusRequestEntityTooLarge,
			"the request is too large: %v (%d times max_decoded_bytes): send smaller requests (max_samples_per_send)",
			err, memoryFactor)
	case err != nil:
		return problemf(http.StatusBadRequest, "the body is not a remote write %s message: %v", v, err)
	}
	return nil
}

// reset makes the decoder ready for the next request and forgets what would
// otherwise be kept alive by the pool.
func (d *decoder) reset() {
	clear(d.batch.Series)
	clear(d.batch.Samples)
	clear(d.labels)
	clear(d.samples)
	clear(d.histograms)
	clear(d.symbols)
	d.batch.Series, d.batch.Samples = d.batch.Series[:0], d.batch.Samples[:0]
	d.labels, d.symbols, d.hashes = d.labels[:0], d.symbols[:0], d.hashes[:0]
	d.samples, d.histograms = d.samples[:0], d.histograms[:0]
	d.tally = tally{}
	d.series, d.block = seriesDraft{}, block{}
	d.electorate = electorate{}
	d.page = nil
}

func (d *decoder) pooledBytes() uintptr {
	return unsafe.Sizeof(sli.Series{})*uintptr(cap(d.batch.Series)) +
		unsafe.Sizeof(sli.Sample{})*uintptr(cap(d.batch.Samples)) +
		unsafe.Sizeof(labels.Label{})*uintptr(cap(d.labels)) +
		unsafe.Sizeof(symbol{})*uintptr(cap(d.symbols)) +
		unsafe.Sizeof(sli.Key(0))*uintptr(cap(d.hashes)) +
		uintptr(cap(d.spelling)) +
		unsafe.Sizeof(sli.Point{})*uintptr(cap(d.samples)+cap(d.histograms))
}

// decoderPool keeps decoders between requests.
type decoderPool struct{ pool sync.Pool }

func newDecoderPool(limits ingest.Limits) *decoderPool {
	salt := rand.Uint64()
	return &decoderPool{sync.Pool{New: func() any { return &decoder{limits: limits, salt: salt} }}}
}

func (p *decoderPool) get() *decoder { return p.pool.Get().(*decoder) }

func (p *decoderPool) put(d *decoder) {
	if d.pooledBytes() > maxPooledBytes {
		return
	}
	d.reset()
	p.pool.Put(d)
}
