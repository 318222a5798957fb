package remotewrite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// answer is one HTTP response.
type answer struct {
	code       int
	text       string
	allow      string // methods, with 405
	retryAfter int    // seconds; 0: the sender decides
	written    *count // for the headers of 2.0; nil: none
}

func (a answer) write(w http.ResponseWriter) {
	h := w.Header()
	if a.allow != "" {
		h.Set("Allow", a.allow)
	}
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(a.retryAfter))
	}
	if a.written != nil {
		h.Set("X-Prometheus-Remote-Write-Samples-Written", strconv.Itoa(a.written.samples))
		h.Set("X-Prometheus-Remote-Write-Histograms-Written", strconv.Itoa(a.written.histograms))
		h.Set("X-Prometheus-Remote-Write-Exemplars-Written", "0") // exemplars are not kept
	}
	if a.text == "" {
		w.WriteHeader(a.code)
		return
	}
	http.Error(w, a.text, a.code)
}

func failed(err error) answer {
	var p *problem
	if errors.As(err, &p) {
		return answer{code: p.code, text: p.text, allow: p.allow}
	}
	return answer{code: http.StatusInternalServerError, text: err.Error()}
}

// busy asks the sender to come back, but not all senders at once.
func busy(text string) answer {
	return answer{code: http.StatusServiceUnavailable, text: text, retryAfter: 1 + rand.IntN(5)}
}

// settle answers a request of which the sink took what it could.
//
// Written is all that was not refused. What was ignored counts as written,
// because nothing was lost by it, and because Prometheus takes a success that
// wrote nothing for a failure: it would report a resent request, or each
// request of the other replica, as lost samples.
func settle(v version, t *tally, taken sli.Receipt) answer {
	sink := t.handed.part(taken.Refused())
	refused := count{t.refused.samples + sink.samples, t.refused.histograms + sink.histograms}
	written := t.sent.minus(refused)

	a := answer{code: http.StatusNoContent}
	switch {
	case refused.total() > 0:
		receipt := t.receipt
		receipt.Merge(taken)
		a = answer{code: http.StatusBadRequest, text: explain(receipt, written.total())}
	case t.sent.total() > 0 && t.unheard == t.sent:
		a.code = http.StatusAccepted
	}
	if v == version2 {
		a.written = &written
	}
	return a
}

// explain says in one line for each reason what was refused.
func explain(receipt sli.Receipt, written int) string {
	var b strings.Builder
	for _, r := range receipt.Rejections {
		if !r.Reason.Refused() {
			continue
		}
		fmt.Fprintf(&b, "%s refused: %s", samples(r.Points), r.Reason)
		if r.Example != "" {
			fmt.Fprintf(&b, ", for example %s", r.Example)
		}
		fmt.Fprintf(&b, ": %s\n", remedy(r.Reason))
	}
	if written > 0 {
		fmt.Fprintf(&b, "%s taken all the same: do not send this request again", samples(written))
	} else {
		b.WriteString("nothing else was in this request: do not send it again")
	}
	return b.String()
}

func samples(n int) string {
	if n == 1 {
		return "1 sample was"
	}
	return strconv.Itoa(n) + " samples were"
}

// remedy says what to do about a refusal.
func remedy(reason sli.Reason) string {
	switch reason {
	case sli.ReasonNotANumber:
		return "a counter must be a number; see what the exporter computes it from"
	case sli.ReasonNegative:
		return "a counter cannot be below zero; if it is a gauge, do not select it as events"
	case sli.ReasonTooOld:
		return "it is older than the SLO window; see whether the sender catches up on a long outage, or its clock"
	case sli.ReasonInFuture:
		return "it is ahead of this engine's clock; set the clocks (NTP)"
	case sli.ReasonBadLabels:
		return "name each series by __name__ and give each label once, with a name, in UTF-8"
	case sli.ReasonLabelLimit:
		return "drop or shorten labels (write_relabel_configs), or raise the limit"
	case sli.ReasonSeriesLimit:
		return "send fewer series (write_relabel_configs), or raise the limit"
	case sli.ReasonBadValue:
		return "see what the sender makes the value from"
	}
	return "see the engine's log"
}
