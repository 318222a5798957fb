package remotewrite

import (
	"bytes"
	"io"
	"net/http"
	"sync"

	"github.com/klauspost/compress/snappy"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

const (
	// maxPooledBytes is how large a buffer may be and still be kept for the
	// next request: one huge request must not pin its memory for ever.
	maxPooledBytes = 4 << 20
	// maxSnappyRatio is what a snappy block can expand to at most. Its
	// densest element copies 64 bytes and takes 3. A larger claim is forged,
	// and can be refused without having allocated what it claims.
	maxSnappyRatio = 22
)

// body holds one request as it arrived and as it was decompressed.
type body struct {
	limits     ingest.Limits
	source     io.LimitedReader
	compressed bytes.Buffer
	decoded    []byte
}

// read returns the request's message. It is valid until the body goes back
// to its pool.
func (b *body) read(r *http.Request) ([]byte, error) {
	if err := b.receive(r); err != nil {
		return nil, err
	}
	return b.decompress(b.compressed.Bytes())
}

func (b *body) receive(r *http.Request) error {
	limit := b.limits.MaxBodyBytes
	if r.ContentLength > limit {
		return bodyTooLarge(limit)
	}
	b.source = io.LimitedReader{R: r.Body, N: limit + 1}
	if _, err := b.compressed.ReadFrom(&b.source); err != nil {
		// Nothing says that the data are bad, so the sender may try again.
		return problemf(http.StatusServiceUnavailable, "read the request's body: %v", err)
	}
	if int64(b.compressed.Len()) > limit {
		return bodyTooLarge(limit)
	}
	return nil
}

func bodyTooLarge(limit int64) error {
	return problemf(http.StatusRequestEntityTooLarge,
		"the body is larger than max_body_bytes (%d): send smaller requests (max_samples_per_send)", limit)
}

func (b *body) decompress(compressed []byte) ([]byte, error) {
	declared, err := snappy.DecodedLen(compressed)
	if err != nil {
		return nil, badSnappy(err)
	}
	if limit := b.limits.MaxDecodedBytes; int64(declared) > limit {
		return nil, problemf(http.StatusRequestEntityTooLarge,
			"the body decompresses to %d bytes, more than max_decoded_bytes (%d): send smaller requests (max_samples_per_send)",
			declared, limit)
	}
	if declared > maxSnappyRatio*len(compressed) {
		return nil, problemf(http.StatusBadRequest,
			"the snappy block declares %d bytes, which its %d bytes cannot hold", declared, len(compressed))
	}
	if cap(b.decoded) < declared {
		b.decoded = make([]byte, declared)
	}
	message, err := snappy.Decode(b.decoded[:declared], compressed)
	if err != nil {
		return nil, badSnappy(err)
	}
	return message, nil
}

func badSnappy(err error) error {
	return problemf(http.StatusBadRequest, "the body is not a snappy block: %v", err)
}

// bodyPool keeps bodies between requests.
type bodyPool struct{ pool sync.Pool }

func newBodyPool(limits ingest.Limits) *bodyPool {
	return &bodyPool{sync.Pool{New: func() any { return &body{limits: limits} }}}
}

func (p *bodyPool) get() *body { return p.pool.Get().(*body) }

func (p *bodyPool) put(b *body) {
	if b.compressed.Cap() > maxPooledBytes || cap(b.decoded) > maxPooledBytes {
		return
	}
	b.compressed.Reset()
	b.source.R = nil
	p.pool.Put(b)
}
