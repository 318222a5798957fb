package remotewrite

import (
	"fmt"
	"testing"

	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// scrape is what one Prometheus shard sends at once: 2,000 series of ten
// labels, one sample each.
func scrape() []sent {
	series := make([]sent, 2000)
	for i := range series {
		series[i] = sent{
			labels: []string{
				"__name__", "http_requests_total", "cluster", "eu-1", "code", fmt.Sprint(200 + i%5*100),
				"container", "server", "handler", fmt.Sprint("/api/v1/route/", i%40), "instance", fmt.Sprintf("10.0.0.%d:8080", i/200),
				"job", "checkout", "method", "GET", "namespace", "shop", "pod", fmt.Sprintf("checkout-7c9f-%d", i/200),
			},
			points: []sentPoint{{time: 1_700_000_000_000, value: float64(i)}},
			family: writev2.Metadata_METRIC_TYPE_COUNTER,
		}
	}
	return series
}

func BenchmarkDecode(b *testing.B) {
	for _, v := range versions {
		b.Run(string(v), func(b *testing.B) {
			message := encode(b, v, scrape()...)
			pool := newDecoderPool(ingest.DefaultLimits())
			b.SetBytes(int64(len(message)))
			b.ReportAllocs()
			for b.Loop() {
				d := pool.get()
				if err := d.decode(v, message); err != nil {
					b.Fatal(err)
				}
				if len(d.batch.Series) != 2000 {
					b.Fatalf("%d series", len(d.batch.Series))
				}
				pool.put(d)
			}
			b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "series/s")
		})
	}
}
