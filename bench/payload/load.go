package payload

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
)

// Protocol is how metrics are written.
type Protocol int

// The protocols.
const (
	RemoteWrite1 Protocol = iota + 1
	RemoteWrite2
	OTLP
)

// Load is a fleet's metrics as requests. It is not safe for concurrent use.
type Load struct {
	Fleet      Fleet
	protocol   Protocol
	perRequest int
	requests   []request
}

// request is one uncompressed request and where its samples stand.
type request struct {
	raw     []byte
	samples []sample
}

// sample says where a sample's value and time stand in the request.
type sample struct{ value, time int }

// New writes a fleet's metrics, perRequest series in a request.
func New(p Protocol, fleet Fleet, perRequest int) *Load {
	l := &Load{Fleet: fleet, protocol: p, perRequest: perRequest}
	write := map[Protocol]func(Fleet, int, int) request{
		RemoteWrite1: remoteWrite1, RemoteWrite2: remoteWrite2, OTLP: otlp,
	}[p]
	for from := 0; from < fleet.Series(); from += perRequest {
		l.requests = append(l.requests, write(fleet, from, min(from+perRequest, fleet.Series())))
	}
	return l
}

// Rate says how much a series counts: its number, and the round's.
type Rate func(series, round int) float64

// Steady is a fleet at work: each series counts on in each round, and one
// request in some hundred fails.
func (f Fleet) Steady(series, round int) float64 {
	if f.Bad(series) {
		return float64(round)
	}
	return float64(round*100 + series%97)
}

// Bad reports whether a series counts failed requests.
func (f Fleet) Bad(series int) bool { return f.at(series).code >= 500 }

// Round returns the compressed requests of one round: every series once, at
// that time.
func (l *Load) Round(at time.Time, round int, count Rate) [][]byte {
	all := make([][]byte, 0, len(l.requests))
	for i := range l.requests {
		all = append(all, l.Request(i, at, round, count))
	}
	return all
}

// Request returns one of a round's requests.
func (l *Load) Request(i int, at time.Time, round int, count Rate) []byte {
	r := l.requests[i]
	for k, s := range r.samples {
		l.protocol.stamp(r.raw, s, at, count(i*l.perRequest+k, round))
	}
	return l.protocol.compress(r.raw)
}

// stamp writes a sample's value and time over the ones before.
func (p Protocol) stamp(raw []byte, s sample, at time.Time, value float64) {
	if p == OTLP { // which counts requests in integers
		putFixed(raw[s.value:], uint64(value))
		putFixed(raw[s.time:], uint64(at.UnixNano()))
		return
	}
	putFixed(raw[s.value:], math.Float64bits(value))
	putMillis(raw[s.time:], at.UnixMilli())
}

func (p Protocol) compress(raw []byte) []byte {
	if p != OTLP {
		return snappy.Encode(nil, raw)
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err == nil {
		_, err = w.Write(raw)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil { // a buffer takes everything
		panic(fmt.Errorf("compress request: %w", err))
	}
	return out.Bytes()
}

// Header is what a request is sent with.
func (p Protocol) Header() http.Header {
	switch p {
	case RemoteWrite1:
		return http.Header{
			"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"snappy"},
			"X-Prometheus-Remote-Write-Version": {"0.1.0"},
		}
	case RemoteWrite2:
		return http.Header{
			"Content-Type":     {"application/x-protobuf;proto=io.prometheus.write.v2.Request"},
			"Content-Encoding": {"snappy"}, "X-Prometheus-Remote-Write-Version": {"2.0.0"},
		}
	}
	return http.Header{"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"gzip"}}
}

// Header is what the load's requests are sent with.
func (l *Load) Header() http.Header { return l.protocol.Header() }
