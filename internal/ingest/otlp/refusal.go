package otlp

import (
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// maxExample bounds the example series in an answer, in bytes.
const maxExample = 256

// refusal says why a data point was not translated.
type refusal struct {
	reason sli.Reason
	why    string
}

func badValue(format string, args ...any) *refusal {
	return &refusal{sli.ReasonBadValue, fmt.Sprintf(format, args...)}
}

// example names the data point concerned and what is wrong with it.
func (r *refusal) example(metric string, attributes pcommon.Map) string {
	var b strings.Builder
	b.WriteString(shorten(metric))
	b.WriteByte('{')
	for key, value := range attributes.All() {
		if b.Len() > maxExample {
			break
		}
		fmt.Fprintf(&b, "%s=%q,", key, shorten(value.AsString()))
	}
	return shorten(strings.TrimSuffix(b.String(), ",")+"}") + ": " + r.why
}

// shorten cuts a text for a message and makes it UTF-8, which a protobuf
// status has to be.
func shorten(s string) string {
	if len(s) > maxExample {
		s = s[:maxExample] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
