package gate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// reason is one in a sentence.
func reason(c Code, d slo.GateDecision, format string, args ...any) Reason {
	return Reason{Code: c, Decision: d, Text: fmt.Sprintf(format, args...)}
}

// unknown is a reason for not knowing.
func unknown(c Code, format string, args ...any) Reason {
	return reason(c, slo.GateUnknown, format, args...)
}

// number is the address of a copy.
func number(v float64) *float64 { return &v }

// good says of what was looked at that nothing is wrong with it.
func (j *judge) good() Reason {
	r := Reason{Code: CodeGood, Decision: slo.GateAllow, Service: j.request.Service}
	r.Text = fmt.Sprintf("all %d SLOs that were looked at are within their thresholds", j.busy)
	if j.busy == 1 {
		r.Text = "the one SLO that was looked at is within its thresholds"
	}
	if b := j.leading; b != nil {
		r.SLO, r.Value = b.ID, b.Remaining
		r.Text += ": " + percent(*b.Remaining) + " of " + b.ID + "'s error budget is left"
		if j.busy > 1 {
			r.Text += ", the least"
		}
	}
	return r
}

// percent is a share as people write it.
func percent(share float64) string { return digits(share*100, 3) + " %" }

// apart are two shares with as many digits as it takes to tell them apart.
func apart(a, b float64) (string, string) {
	x, y := rates(a*100, b*100)
	return x + " %", y + " %"
}

// rates are two numbers with as many digits as it takes to tell them apart.
func rates(a, b float64) (x, y string) {
	for n := 3; n <= 17; n++ {
		if x, y = digits(a, n), digits(b, n); x != y {
			break
		}
	}
	return x, y
}

// digits writes a number with n digits that count, and all those before the point.
func digits(v float64, n int) string {
	if n == 3 && math.Abs(v) >= 1e3 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	text := strconv.FormatFloat(v, 'g', n, 64)
	if v != 0 && !strings.Contains(text, "e") {
		return text
	}
	rounded, err := strconv.ParseFloat(text, 64)
	if err != nil || rounded == 0 {
		rounded = 0 // not -0
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

// span is a length of time as documents write it.
func span(d time.Duration) string { return slo.FormatDuration(d.Round(time.Second)) }

// stamp is a time as everything else writes it.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
