package otlp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// guardBody reads a request's body within the limits, and measures it before
// it is decoded. What it refuses reaches the receiver as an error of the
// body: the receiver writes it into the answer, in the request's encoding.
func guardBody(next http.Handler, limits ingest.Limits, signals []*signal) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		check := nestingCheck(r, signals)
		if check == nil {
			next.ServeHTTP(w, r) // it knows how to refuse what is not OTLP
			return
		}
		body, err := readBody(r, limits)
		if err == nil {
			err = check(body)
		}
		r.Body = io.NopCloser(&readBack{bytes.NewReader(body), err})
		if errors.Is(err, errTooLarge) {
			w = tooLargeWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

// nestingCheck returns what measures a request, nil for one that will not be
// decoded.
func nestingCheck(r *http.Request, signals []*signal) func([]byte) error {
	i := slices.IndexFunc(signals, func(s *signal) bool { return s.path == r.URL.Path })
	if i < 0 || r.Method != http.MethodPost {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return nil
	case mediaType == protobufType:
		return signals[i].check
	case mediaType == jsonType:
		return checkJSONNesting
	}
	return nil
}

// readBody reads what is within the limits. The length after decompression
// is bounded by the receiver, which wraps bodies in an http.MaxBytesReader.
func readBody(r *http.Request, limits ingest.Limits) ([]byte, error) {
	if r.ContentLength > limits.MaxBodyBytes {
		return nil, fmt.Errorf("request body has %d bytes, more than limits.max_body_bytes (%d): %w", r.ContentLength, limits.MaxBodyBytes, errTooLarge)
	}
	body, err := io.ReadAll(r.Body)
	if exceeded := new(http.MaxBytesError); errors.As(err, &exceeded) {
		return nil, fmt.Errorf("request body is larger than limits.max_decoded_bytes (%d) once decompressed: %w", limits.MaxDecodedBytes, errTooLarge)
	}
	return body, err
}

// readBack gives the receiver the body that was read, or why it was refused.
type readBack struct {
	*bytes.Reader
	err error
}

// Read implements io.Reader.
func (b *readBack) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, status.Error(codes.InvalidArgument, b.err.Error())
	}
	return b.Reader.Read(p)
}

// tooLargeWriter answers 413 in place of the receiver's 400.
type tooLargeWriter struct {
	http.ResponseWriter
}

// WriteHeader implements http.ResponseWriter.
func (w tooLargeWriter) WriteHeader(int) {
	w.ResponseWriter.WriteHeader(http.StatusRequestEntityTooLarge)
}
