package otlp

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// zstdWindow is a frame that asks for a window of 2^(10+exponent) bytes before
// it gives any.
func zstdWindow(exponent byte) []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, exponent << 3, 0x01, 0x00, 0x00}
}

// TestDirectHTTPLimits are answers that only our own server gives so.
func TestDirectHTTPLimits(t *testing.T) {
	counter := marshal(t, aCounter())
	noise := make([]byte, 4000) // does not compress to less than the limit
	for i := range noise {
		noise[i] = byte(i*i>>3 ^ i*31>>2)
	}
	limits := ingest.DefaultLimits()
	limits.MaxBodyBytes, limits.MaxDecodedBytes = 500, 100_000
	cases := map[string]struct {
		method, encoding string
		body             io.Reader // one that is not bytes does not announce its length
		want             int
		text             string
	}{
		"identity":                  {"POST", "identity", bytes.NewReader(counter), 200, ""},
		"unannounced":               {"POST", "", io.MultiReader(bytes.NewReader(counter)), 200, ""},
		"unannounced and too large": {"POST", "", io.MultiReader(bytes.NewReader(make([]byte, 501))), 413, "limits.max_body_bytes (500)"},
		"too large as compressed":   {"POST", "gzip", bytes.NewReader(gzipped(t, noise)), 413, "limits.max_body_bytes (500)"},
		"the same, unannounced":     {"POST", "gzip", io.MultiReader(bytes.NewReader(gzipped(t, noise))), 413, "limits.max_body_bytes (500)"},
		"a bomb":                    {"POST", "zstd", bytes.NewReader(zstdOf(t, make([]byte, 1<<20))), 413, "limits.max_decoded_bytes (100000)"},
		"a window of 32 MiB":        {"POST", "zstd", bytes.NewReader(zstdWindow(15)), 400, zstd.ErrWindowSizeExceeded.Error()},
		"cut short":                 {"POST", "gzip", bytes.NewReader(gzipped(t, counter)[:20]), 400, "unexpected EOF"},
		"what only others know":     {"POST", "lz4", bytes.NewReader(counter), 400, "set otlp.receiver to collector"},
		"get":                       {"GET", "", bytes.NewReader(nil), 405, "POST"},
	}
	r := listen(t, Options{Sink: &recorder{}, Limits: limits})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+r.HTTPAddr()+metricsPath, c.body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", protobufType)
			req.Header.Set("Content-Encoding", c.encoding)
			resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if text := statusText(resp, body); resp.StatusCode != c.want || !strings.Contains(text, c.text) {
				t.Errorf("got %d %q, want %d with %q", resp.StatusCode, text, c.want, c.text)
			}
		})
	}
}

// TestKnownSeriesCostNothing decodes without allocating.
func TestKnownSeriesCostNothing(t *testing.T) {
	body := marshal(t, benchmarkRequest(500))
	d := decoder{rules: testRules()}
	tracker := learnt(t, &d, body)
	allocations := testing.AllocsPerRun(20, func() {
		batch, _, err := d.decode(body, tracker.Book().Page())
		if err != nil || len(batch.Samples) != 500 || len(batch.Series) != 0 {
			t.Fatal(err, len(batch.Samples), len(batch.Series))
		}
		d.forget()
	})
	if allocations > 0 {
		t.Errorf("%v allocations for 500 points of known series", allocations)
	}
}

// TestOtherRulesAreOtherKeys: the same bytes are another series once other
// resource attributes are promoted.
func TestOtherRulesAreOtherKeys(t *testing.T) {
	body := marshal(t, benchmarkRequest(1))
	keys := map[uint64]bool{}
	for _, o := range []Options{{}, {PromoteResourceAttributes: []string{}}, {PromoteResourceAttributes: []string{"k8s.pod.name"}}} {
		o.Limits = ingest.DefaultLimits()
		d := decoder{rules: o.rules()}
		batch, _, err := d.decode(body, nil)
		if err != nil {
			t.Fatal(err)
		}
		keys[uint64(batch.Series[0].Key)] = true
	}
	if len(keys) != 3 {
		t.Errorf("%d keys under three rules", len(keys))
	}
}
