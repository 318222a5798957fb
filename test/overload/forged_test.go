package overload

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// lie is a request that says of itself what is not so.
type lie struct {
	name    string
	otlp    bool
	headers map[string]string
	body    []byte
	codes   []int // of which one is the answer
}

// pack compresses so many zeros.
func pack(t *testing.T, w io.WriteCloser, packed *bytes.Buffer, zeros int) []byte {
	t.Helper()
	if _, err := io.CopyN(w, zeroReader{}, int64(zeros)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func gzipped(t *testing.T, zeros int) []byte {
	var b bytes.Buffer
	return pack(t, gzip.NewWriter(&b), &b, zeros)
}

func zstandard(t *testing.T, zeros int, options ...zstd.EOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, append(options, zstd.WithEncoderConcurrency(1))...)
	if err != nil {
		t.Fatal(err)
	}
	return pack(t, w, &b, zeros)
}

// lies are forged lengths, bombs, halves and wrong names.
func lies(t *testing.T, sound []byte) []lie {
	encoded := func(encoding string) map[string]string {
		return map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": encoding}
	}
	declares := func(n uint64) []byte { return append(binary.AppendUvarint(nil, n), sound...) }
	gigabyte, packed := gzipped(t, 1<<30), zstandard(t, 1<<30)
	// A frame without content that asks for a window of 2 GiB.
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x01, 0x00, 0x00}
	// A frame that says that 4 GiB follow.
	content := append([]byte{0x28, 0xb5, 0x2f, 0xfd, 0xe0}, 0, 0, 0, 0, 1, 0, 0, 0, 0x03, 0x00, 0x00)
	return []lie{
		{"snappy declares 4 GiB", false, remoteWrite, declares(math.MaxUint32), []int{413}},
		{"snappy declares more than 4 GiB", false, remoteWrite, declares(1 << 40), []int{400, 413}},
		{"snappy declares more than is allowed", false, remoteWrite, declares(64<<20 + 1), []int{413}},
		{"snappy declares more than it can hold", false, remoteWrite, declares(64 << 20), []int{400}},
		{"snappy declares less than it holds", false, remoteWrite, declares(1), []int{400}},
		{"a length that does not end", false, remoteWrite, bytes.Repeat([]byte{0xff}, 20), []int{400}},
		{"half of a snappy block", false, remoteWrite, sound[:len(sound)/2], []int{400}},
		{"nothing, as snappy", false, remoteWrite, nil, []int{400}},
		{"gzip as snappy", false, remoteWrite, gigabyte, []int{400, 413}},
		{"snappy as gzip", false, encoded("gzip"), sound, []int{415}},
		{"snappy of 256 MiB of zeros", false, remoteWrite, snappy.Encode(nil, make([]byte, 1<<28)), []int{413}},
		{"OTLP: a gigabyte as gzip", true, encoded("gzip"), gigabyte, []int{413}},
		{"OTLP: a gigabyte as zstd", true, encoded("zstd"), packed, []int{413}},
		{"OTLP: a zstd window of 2 GiB", true, encoded("zstd"), window, []int{400, 413}},
		{"OTLP: zstd declares 4 GiB", true, encoded("zstd"), content, []int{400, 413}},
		{"OTLP: half of a gzip", true, encoded("gzip"), gzipped(t, 1000)[:12], []int{400}},
		{"OTLP: half of a zstd", true, encoded("zstd"), packed[:len(packed)/2], []int{400, 413}},
		{"OTLP: zstd as gzip", true, encoded("gzip"), packed, []int{400}},
		{"OTLP: gzip as zstd", true, encoded("zstd"), gigabyte, []int{400}},
		{"OTLP: gzip as nothing", true, encoded(""), gzipped(t, 1000), []int{400}},
		{"OTLP: an encoding that is none", true, encoded("zip"), sound, []int{400, 415}},
		{"OTLP: a length beyond the message", true, otlpProtobuf, []byte("\x0a\xff\xff\xff\xff\x0f"), []int{400}},
		{"OTLP: a length beyond all", true, otlpProtobuf, []byte("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), []int{400}},
	}
}

// What lies about its size is refused, and costs at most what an honest
// request of the largest allowed size does.
func TestForgedLengths(t *testing.T) {
	const (
		decoded = 64 << 20 // max_decoded_bytes, the default
		atOnce  = 4        // requests
	)
	s := newSite(t, slos, "")
	x := newShop(s, 1, 10, 1)
	x.open()
	all := lies(t, x.sell(5)) // that one is sent in halves only
	x.deliver(encode(s, x.series))
	s.rest()
	sent := 0
	busyWith(func() {
		for range *scale {
			sent += s.lie(all, atOnce)
		}
	}, func(ctx context.Context) { x.trade(ctx, 10*time.Millisecond) },
		func(ctx context.Context) { s.during(ctx, "/-/ready", "/api/v1/slos") })
	// A body that reaches the limit has grown to twice that, beside what it was
	// copied from, and as much again may wait for the collector of garbage.
	// A limit four times as high breaks this cap.
	s.atMost(atOnce*8*decoded+forRequests, "a lie must not cost more than the limits allow")
	s.agree("availability", x.sold)
	if x.refused > 0 {
		t.Errorf("the shop was told to come again %d times", x.refused)
	}
	t.Logf("%d lies, %d at once: all refused; the shop sent %d requests, its slowest answer took %v, memory +%d MiB",
		sent, atOnce, x.sent, x.slowest.Round(time.Millisecond), s.grown()>>20)
}

// lie sends every lie, each several times at once, and returns how many.
func (s *site) lie(all []lie, atOnce int) (sent int) {
	for _, l := range all {
		url := "http://" + s.addr + "/api/v1/write"
		if l.otlp {
			url = "http://" + s.otlp + "/v1/metrics"
		}
		answers := make(chan string)
		for range atOnce {
			go func() {
				r, err := s.post(url, l.headers, l.body)
				answers <- l.fault(r, err)
			}()
		}
		for range atOnce {
			if fault := <-answers; fault != "" {
				s.Error(fault)
			}
			sent++
		}
	}
	return sent
}

// fault is what is wrong with an answer to a lie.
func (l lie) fault(r reply, err error) string {
	if err != nil {
		return fmt.Sprintf("%s: no answer: %v", l.name, err)
	}
	for _, code := range l.codes {
		if r.code == code && strings.TrimSpace(r.text) != "" {
			return ""
		}
	}
	return fmt.Sprintf("%s: answered %v, want %v with a text", l.name, r, l.codes)
}
