package remotewrite

import (
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// count is a number of points, by kind.
type count struct{ samples, histograms int }

func (c *count) add(samples, histograms int) {
	c.samples += samples
	c.histograms += histograms
}

func (c count) total() int { return c.samples + c.histograms }

func (c count) minus(o count) count {
	return count{c.samples - o.samples, c.histograms - o.histograms}
}

// part divides n of the points that c counts by kind. The sink does not say
// of which kind the points are that it refused; where a request carries both
// kinds, each is taken to have its share.
func (c count) part(n int) count {
	n = min(n, c.total())
	if n <= 0 {
		return count{}
	}
	samples := int((int64(n)*int64(c.samples) + int64(c.total())/2) / int64(c.total()))
	return count{samples, n - samples}
}

// tally says what became of the points of one request before the sink:
// sent = handed + refused + unheard.
type tally struct {
	sent    count
	handed  count // to the sink
	refused count // here
	unheard count // from a replica that is not the elected one
	receipt sli.Receipt
}

func (t *tally) refuse(flaw fault, samples, histograms int, ls labels.Labels) {
	t.refused.add(samples, histograms)
	t.receipt.Reject(flaw.reason, samples+histograms, func() string {
		return shorten(ls) + " (" + flaw.detail + ")"
	})
}

const maxExampleBytes = 200

// shorten writes labels for a message. What is not UTF-8 comes out escaped.
func shorten(ls labels.Labels) string {
	s := strings.ToValidUTF8(ls.String(), "\uFFFD")
	if len(s) <= maxExampleBytes {
		return s
	}
	s = s[:maxExampleBytes]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}
