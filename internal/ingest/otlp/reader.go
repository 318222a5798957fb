package otlp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

var errTooLarge = errors.New("send smaller batches or raise the limit")

// gzipEncoding is how HTTP and gRPC call gzip.
const gzipEncoding = "gzip"

// maxWindow bounds the memory that a zstd frame may ask for before it has
// given anything: what every decoder must support (RFC 8878).
const maxWindow = 8 << 20

// reader reads bodies into memory that it uses again.
type reader struct {
	limits ingest.Limits
	sent   []byte       // the body as it arrived
	source bytes.Reader // of what was sent
	body   []byte       // decompressed
	gzip   gzip.Reader
	zstd   *zstd.Decoder // nil until one is needed
}

// read returns a request's body, decompressed. Memory grows with what has
// arrived, whatever the request says of its length. The body is good until
// the next call.
//
// It is read to its end before it is decompressed: the decompressor asks for
// 4 KiB at a time, which would be a system call each.
func (b *reader) read(r *http.Request) ([]byte, error) {
	if r.ContentLength > b.limits.MaxBodyBytes {
		return nil, fmt.Errorf("request body has %d bytes, more than limits.max_body_bytes (%d): %w", r.ContentLength, b.limits.MaxBodyBytes, errTooLarge)
	}
	var err error
	b.sent, err = readAll(b.sent[:0], r.Body, b.limits.MaxBodyBytes)
	if errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("request body is larger than limits.max_body_bytes (%d): %w", b.limits.MaxBodyBytes, err)
	}
	if err != nil {
		return nil, err
	}
	_ = r.Body.Close() // it was read; the server need not look for its end any more
	return b.decompress(b.sent, r.Header.Get("Content-Encoding"))
}

// decompress returns what was sent as it was before its sender compressed it.
func (b *reader) decompress(sent []byte, encoding string) ([]byte, error) {
	b.source.Reset(sent)
	defer b.source.Reset(nil)
	decompressed, err := b.open(encoding)
	if err != nil {
		return nil, err
	}
	b.body, err = readAll(b.body[:0], decompressed, b.limits.MaxDecodedBytes)
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("request body is larger than limits.max_decoded_bytes (%d) once decompressed: %w", b.limits.MaxDecodedBytes, err)
	}
	return b.body, err
}

func (b *reader) open(encoding string) (io.Reader, error) {
	switch encoding {
	case "", "identity":
		return &b.source, nil
	case gzipEncoding:
		if err := b.gzip.Reset(&b.source); err != nil {
			return nil, fmt.Errorf("read gzip header: %w", err)
		}
		return &b.gzip, nil
	case "zstd":
		return b.zstdOf(&b.source)
	}
	return nil, fmt.Errorf("unsupported Content-Encoding %q: send gzip, zstd or identity, or set otlp.receiver to %s", shorten(encoding), ReceiverCollector)
}

func (b *reader) zstdOf(body io.Reader) (io.Reader, error) {
	if b.zstd == nil {
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("create zstd decoder: %w", err)
		}
		b.zstd = decoder
	}
	if err := b.zstd.Reset(body); err != nil {
		return nil, fmt.Errorf("read zstd header: %w", err)
	}
	return b.zstd, nil
}

// readAll appends what a reader gives; errTooLarge when that is more than a
// limit.
func readAll(to []byte, from io.Reader, limit int64) ([]byte, error) {
	for {
		if len(to) == cap(to) {
			size := min(len(to)+max(len(to), 16<<10), int(limit)+1) // one byte more tells that it is too long
			to = append(make([]byte, 0, max(size, len(to)+1)), to...)
		}
		n, err := from.Read(to[len(to):cap(to)])
		to = to[:len(to)+n]
		switch {
		case int64(len(to)) > limit:
			return to, errTooLarge
		case errors.Is(err, io.EOF):
			return to, nil
		case err != nil:
			return to, fmt.Errorf("read request body: %w", err)
		}
	}
}
