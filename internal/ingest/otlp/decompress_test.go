package otlp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// TestGzipOddities are shapes of gzip, and what is none: over HTTP and gRPC the
// same bytes mean the same.
func TestGzipOddities(t *testing.T) {
	text := strings.Repeat("some text ", 100)
	plain := gzipped(t, []byte(text))
	var named bytes.Buffer
	w := gzip.NewWriter(&named)
	w.Name, w.Comment, w.Extra = "metrics.pb", "of today", []byte("more")
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	wrong := bytes.Clone(plain)
	wrong[len(wrong)-5] ^= 1 // of the checksum
	cases := map[string]struct {
		sent []byte
		want string // the text, or a part of the error
		code codes.Code
	}{
		"plain":          {plain, text, codes.OK},
		"with a name":    {named.Bytes(), text, codes.OK},
		"two members":    {bytes.Join([][]byte{plain, plain}, nil), text + text, codes.OK},
		"wrong checksum": {wrong, "invalid checksum", codes.Internal},
		"cut short":      {plain[:len(plain)-9], "unexpected EOF", codes.Internal},
		"garbage behind": {bytes.Join([][]byte{plain, make([]byte, 20)}, nil), "invalid header", codes.Internal},
		"too large":      {gzipped(t, make([]byte, 5001)), "5000", codes.ResourceExhausted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			limits := ingest.DefaultLimits()
			limits.MaxDecodedBytes = 5000
			b := reader{limits: limits}
			for range 2 { // what one request leaves behind is nothing to the next
				got, err := b.decompress(c.sent, gzipEncoding)
				checkOddity(t, c.want, c.code == codes.OK, got, err)
				got, err = b.message(c.sent)
				checkOddity(t, c.want, c.code == codes.OK, got, err)
				if code := status.Code(err); code != c.code {
					t.Errorf("gRPC would answer %v, want %v", code, c.code)
				}
			}
		})
	}
}

func checkOddity(t *testing.T, want string, ok bool, got []byte, err error) {
	t.Helper()
	switch {
	case ok && (err != nil || string(got) != want):
		t.Errorf("got %d bytes, %v; want %d", len(got), err, len(want))
	case !ok && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("got %v, want %q", err, want)
	}
}

// TestGzipLaterRefuses what says that it is gzip and is not.
func TestGzipLaterRefuses(t *testing.T) {
	for _, sent := range [][]byte{nil, {0x1f}, {0x0a, 0x00}} {
		if _, err := (gzipLater{}).Do(bytes.NewReader(sent)); err == nil {
			t.Errorf("%x is let pass", sent)
		}
	}
}

// TestBlocksMix sends known and unknown series in turns, over several blocks.
func TestBlocksMix(t *testing.T) {
	md := benchmarkRequest(benchmarkPoints)
	half := benchmarkRequest(benchmarkPoints)
	n := 0
	half.ResourceMetrics().At(0).ScopeMetrics().At(0).Metrics().At(0).Sum().DataPoints().RemoveIf(func(pmetric.NumberDataPoint) bool {
		n++
		return n%3 == 0
	})
	d := decoder{rules: testRules()}
	tracker := learnt(t, &d, marshal(t, half))
	batch, _, err := d.decode(marshal(t, md), tracker.Book().Page())
	if err != nil {
		t.Fatal(err)
	}
	unknown := benchmarkPoints / 3
	if len(batch.Series) != unknown || len(batch.Samples) != benchmarkPoints-unknown {
		t.Fatalf("%d samples and %d series, want %d series", len(batch.Samples), len(batch.Series), unknown)
	}
	keys := map[any]bool{}
	for _, s := range batch.Series {
		keys[s.Key] = true
	}
	for _, s := range batch.Samples {
		keys[s.Known] = true
	}
	if len(keys) != benchmarkPoints {
		t.Errorf("%d series are told apart, want %d", len(keys), benchmarkPoints)
	}
}
