package events

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/internal/sli"
)

// reason names why an event was refused. The names are stable: they are values
// of a metric's label, and appear in answers.
type reason string

const (
	noEnd            reason = "no_end"
	noStart          reason = "no_start"
	negativeDuration reason = "negative_duration"
	noTime           reason = "no_time"
	inFuture         reason = "in_future"
	tooOld           reason = "too_old"
	notUTF8          reason = "not_utf8"
	attributeLimit   reason = "attribute_limit"
	badSampling      reason = "bad_sampling"
)

// advices say what a sender can do about a reason.
var advices = map[reason]string{
	noEnd:            "it has no end time: send spans once they have ended",
	noStart:          "it has no start time",
	negativeDuration: "it ends before it starts: look at the clocks, and how the span is made",
	noTime:           "it has neither a time nor an observed time",
	inFuture:         "it lies more than a minute ahead: check the sender's clock",
	tooOld:           "it lies before the window of every SLO: send it earlier, or not at all",
	notUTF8:          "an attribute or a name that an SLO looks at is not UTF-8",
	attributeLimit:   "an attribute that an SLO groups or selects by is longer than limits.max_label_value_bytes",
	badSampling:      "its trace state says that it stands for more spans than there can be",
}

// refusals counts what was refused of a request.
type refusals struct {
	total  int
	counts map[reason]int
	order  []reason
	first  map[reason]string // an example of each
}

// add refuses n events of a service.
func (r *refusals) add(why reason, n int, service, name string) {
	if n == 0 {
		return
	}
	if r.counts == nil {
		r.counts, r.first = map[reason]int{}, map[reason]string{}
	}
	if r.counts[why] == 0 {
		r.order = append(r.order, why)
		r.first[why] = shorten(service) + "/" + shorten(name)
	}
	r.counts[why] += n
	r.total += n
}

// outcome says what became of a request. Its events were taken; receipt is what
// the engine says of their counts.
func (r *refusals) outcome(signal string, accepted int, receipt sli.Receipt) ingest.Outcome {
	o := ingest.Outcome{Accepted: accepted, Refused: r.total}
	var parts []string
	if r.total > 0 {
		rest := "the others were counted and must not be sent again"
		if accepted == 0 {
			rest = "none was counted"
		}
		parts = append(parts, fmt.Sprintf("%s refused: %d, %s", signal, r.total, rest))
	}
	for _, why := range r.order {
		parts = append(parts, fmt.Sprintf("%s (%d), for example of %s: %s", why, r.counts[why], r.first[why], advices[why]))
	}
	for _, rejected := range receipt.Rejections {
		if rejected.Reason.Refused() {
			parts = append(parts, fmt.Sprintf("not counted in %d series: %s, for example %s", rejected.Points, rejected.Reason, rejected.Example))
		}
	}
	o.Why = strings.ToValidUTF8(strings.Join(parts, "; "), "\uFFFD")
	return o
}

// shorten cuts a text for a message.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
