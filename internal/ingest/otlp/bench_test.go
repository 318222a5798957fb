package otlp

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// BenchmarkTranslate translates 2,000 points of one counter with 5 resource
// and 5 point attributes.
func BenchmarkTranslate(b *testing.B) {
	md := benchmarkRequest(2000)
	r := testRules()
	b.ReportAllocs()
	for b.Loop() {
		batch, _ := translate(md, r)
		if len(batch.Series) != 2000 {
			b.Fatal(len(batch.Series))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2000, "ns/point")
}

func benchmarkRequest(points int) pmetric.Metrics {
	return request(func(m pmetric.Metric) {
		aSum(m, "http.server.requests", isCumulative).SetIntValue(1)
		first := m.Sum().DataPoints().At(0)
		for i := range points {
			p := first
			if i > 0 {
				p = m.Sum().DataPoints().AppendEmpty()
				first.CopyTo(p)
			}
			p.Attributes().PutStr("http.request.method", "GET")
			p.Attributes().PutInt("http.response.status_code", int64(200+i%5))
			p.Attributes().PutStr("http.route", fmt.Sprintf("/route/%d", i))
			p.Attributes().PutStr("server.address", "checkout")
			p.Attributes().PutBool("tls", true)
		}
	}, "service.name", "checkout", "service.namespace", "shop", "service.instance.id", "pod-1", "k8s.namespace.name", "prod", "k8s.pod.name", "checkout-1")
}
