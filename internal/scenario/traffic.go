package scenario

import (
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// phase is one line of traffic: what one service did for a while.
type phase struct {
	begin, length time.Duration
	rate          *big.Rat // events per second
	errors        *big.Rat // share of them that failed
	within        []bound  // of a histogram, ascending; nil: as before
	late          time.Duration
	// unseen: the service went on, but nobody looked. reset: its counters begin
	// at zero.
	unseen, reset bool
}

// bound is the share of events that took no longer than le.
type bound struct {
	le    string
	share *big.Rat
}

// meter is a service that counts its traffic: the counters of one series, by
// outcome, and by bucket if it is a histogram.
type meter struct {
	labels    labels.Labels
	every     time.Duration // between samples
	good, bad labels.Label
	phases    []phase
}

// DefaultEvery is the time between samples of traffic, that of Prometheus's
// own example configuration.
const DefaultEvery = 15 * time.Second

// traffic takes a phase of a service; the phases of one series follow each
// other.
func (p *parse) traffic(r *reader, s *statement, silence bool) {
	begun := r.peek().column
	l := r.metric()
	if r.fault != nil {
		return
	}
	m := p.meter(l)
	ph := phase{begin: m.end(), rate: new(big.Rat), errors: new(big.Rat), unseen: silence}
	first := len(m.phases) == 0
	if silence && first {
		r.fail(begun, "write its traffic first", "there is no traffic of %s that could fall silent", l)
		return
	}
	rated := silence
	for r.more() && r.fault == nil {
		rated = m.option(r, &ph, first, silence) || rated
	}
	switch {
	case r.fault != nil:
	case !rated:
		r.fail(r.end, "write: rate 100/s", "the rate is missing")
	case ph.length == 0:
		r.fail(r.end, "write: for 30m", "how long it lasts is missing")
	case ph.begin < m.end():
		r.fail(begun, "write the lines in the order of time", "at %s the traffic before is still going on, until %s", when(ph.begin), when(m.end()))
	default:
		m.add(r, begun, ph)
	}
}

// option takes one option of a phase and says whether it was the rate.
func (m *meter) option(r *reader, ph *phase, first, silence bool) (rated bool) {
	options := []string{"rate", "errors", "for", "at", "every", "late", "within", "as", "unseen", "reset"}
	if silence {
		options = []string{"for", "at"}
	}
	column := r.peek().column
	option := r.one(options...)
	if !first && (option == "every" || option == "as") {
		r.fail(column, "write it in the first line of this series only", "%s cannot change", option)
		return false
	}
	switch option {
	case "rate":
		ph.rate = r.rate()
		return true
	case "errors":
		ph.errors = r.ratio("the share of errors")
	case "for":
		ph.length = r.length("how long it lasts")
	case "at":
		ph.begin = r.duration("when it begins")
	case "every":
		m.every = r.length("the time between samples")
	case "late":
		ph.late = r.duration("how late samples arrive")
	case "within":
		ph.within = r.bounds()
	case "as":
		m.good, m.bad = r.label(), r.label()
	case "unseen":
		ph.unseen = true
	case "reset":
		ph.reset = true
	}
	return false
}

// meter finds or makes what counts a series.
func (p *parse) meter(l labels.Labels) *meter {
	m := p.bySeries[l.String()]
	if m == nil {
		m = &meter{
			labels: l, every: DefaultEvery,
			good: labels.Label{Name: "code", Value: "200"}, bad: labels.Label{Name: "code", Value: "500"},
		}
		p.bySeries[l.String()] = m
		p.meters = append(p.meters, m)
	}
	return m
}

func (m *meter) end() time.Duration {
	if len(m.phases) == 0 {
		return 0
	}
	last := m.phases[len(m.phases)-1]
	return last.begin + last.length
}

// add appends a phase. Buckets are those of the first one that names them.
func (m *meter) add(r *reader, column int, ph phase) {
	if len(m.phases) > 0 {
		before := m.phases[len(m.phases)-1].within
		if ph.within == nil {
			ph.within = before
		}
		same := func(a, b bound) bool { return a.le == b.le }
		if !slices.EqualFunc(ph.within, before, same) {
			r.fail(column, "name the same times in each line of this series", "the buckets of a histogram cannot change")
			return
		}
	}
	if m.labels.Has(m.good.Name) || m.labels.Has(m.bad.Name) {
		r.fail(column, `leave the label out; as status="ok" status="failed" chooses others`,
			"the label %s tells good events from failed ones, so the series cannot have it", m.bad.Name)
		return
	}
	m.phases = append(m.phases, ph)
}

// rate takes 100/s, 30/m or 5/h.
func (r *reader) rate() *big.Rat {
	const fix = "write a rate such as 100/s, 30/m or 5/h"
	w := r.next("a rate", "100/s")
	count, unit, _ := strings.Cut(w.text, "/")
	seconds := map[string]int64{"s": 1, "m": 60, "h": 3600}[unit]
	n, ok := decimal(count)
	if r.fault == nil && (!ok || seconds == 0) {
		r.fail(w.column, fix, "%q is not a rate", w.text)
	}
	if r.fault != nil {
		return new(big.Rat)
	}
	return n.Quo(n, new(big.Rat).SetInt64(seconds))
}

// decimal reads a number that is not absurd: digits and a point, up to 999
// million.
func decimal(text string) (*big.Rat, bool) {
	whole, _, _ := strings.Cut(text, ".")
	if strings.Trim(text, "0123456789.") != "" || len(whole) > 9 || len(text) > 30 {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// ratio takes a share and keeps it as it is written.
func (r *reader) ratio(what string) *big.Rat {
	text := r.peek().text
	if r.share(what); r.fault != nil {
		return new(big.Rat)
	}
	digits, percent := strings.CutSuffix(text, "%")
	n, ok := decimal(digits)
	if !ok {
		r.fail(r.words[max(0, r.at-1)].column, "write a share such as 0.5 or 50%", "%q is not a share", text)
		return new(big.Rat)
	}
	if percent {
		n.Quo(n, big.NewRat(100, 1))
	}
	return n
}

// bounds takes pairs of a time and the share of events that took no longer.
func (r *reader) bounds() (list []bound) {
	before := bound{share: new(big.Rat)}
	var longest time.Duration
	for r.more() {
		w := r.peek()
		d, err := slo.ParseDuration(w.text)
		if err != nil {
			break
		}
		r.at++
		b := bound{seconds(d), r.ratio("the share of events within " + w.text)}
		if r.fault == nil && (d <= longest || b.share.Cmp(before.share) < 0) {
			r.fail(w.column, "write growing times with growing shares: within 100ms 60% 300ms 99%", "a longer time holds all that a shorter one does")
		}
		before, longest = b, d
		list = append(list, b)
	}
	if len(list) == 0 {
		r.fail(r.peek().column, "write: within 100ms 60% 300ms 99%", "here times and shares are missing")
	}
	return list
}

// seconds writes a bucket's bound as Prometheus does.
func seconds(d time.Duration) string {
	text := big.NewRat(int64(d), int64(time.Second)).FloatString(9)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// label takes NAME="VALUE".
func (r *reader) label() labels.Label {
	const example = `status="ok"`
	w := r.next("a label", example)
	name, value, ok := strings.Cut(w.text, "=")
	value = strings.Trim(value, `"`)
	if r.fault == nil && (!ok || name == "" || value == "") {
		r.fail(w.column, "write "+example, "%q is not a label", w.text)
	}
	return labels.Label{Name: name, Value: value}
}
