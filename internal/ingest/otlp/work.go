package otlp

import (
	"sync"
)

// work is the memory that one request needs while it is read and taken.
type work struct {
	reader  reader
	decoder decoder
}

// workshop keeps memory between requests.
type workshop struct {
	rules rules
	pool  sync.Pool
}

func (s *workshop) get() *work {
	if w, ok := s.pool.Get().(*work); ok {
		return w
	}
	return &work{reader: reader{limits: s.rules.limits}, decoder: decoder{rules: s.rules}}
}

// maxKept bounds the memory that is kept, in bytes of each kind: a large
// request must not be paid for by all that come after it.
const maxKept = 4 << 20

func (s *workshop) put(w *work) {
	w.decoder.forget()
	if cap(w.reader.body)+cap(w.reader.sent) > maxKept {
		w.reader.body, w.reader.sent = nil, nil
	}
	s.pool.Put(w)
}

// forget drops what belongs to the last request.
func (d *decoder) forget() {
	d.page, d.translator, d.resource, d.batch.Series, d.block = nil, nil, resourceBytes{}, nil, block{}
	const sampleBytes = 64
	if cap(d.batch.Samples)*sampleBytes > maxKept {
		d.batch.Samples = nil
	}
	if cap(d.rest)+cap(d.message) > maxKept {
		d.rest, d.keys, d.message = nil, nil, nil
	}
}
