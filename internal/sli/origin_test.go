package sli

import (
	"slices"
	"testing"
	"time"
)

// TestPushedAndPolled: a target that is both sent and asked for, under other
// labels, is named; one that comes in both ways under the same labels is not,
// nor are two targets.
func TestPushedAndPolled(t *testing.T) {
	for name, test := range map[string]struct {
		pushed, asked string // the target's labels
		told          bool
	}{
		"external labels": {`,cluster="eu"`, ``, true},
		"the same":        {``, ``, false},
		"two targets":     {`,instance="i1"`, `,instance="i2"`, false},
	} {
		b := newBench(t, spec("a", errorsOf))
		told := func() bool { return slices.Contains(b.instance("shop:a").Notices(), NoticePushedAndPolled) }
		send := func(more string, wasAsked bool, second int) {
			target := "x"
			if name == "two targets" {
				target = more
			}
			at := began.Add(time.Duration(second) * time.Second)
			series := func(code string) Series {
				return Series{Labels: mustLabels(`requests_total{code="` + code + `"` + more + `}`), Target: target,
					Points: []Point{{Time: at.UnixNano(), Value: float64(second)}}}
			}
			var receipt Receipt
			b.tracker.Ingest(&Batch{Asked: wasAsked, Series: []Series{series("200"), series("500")}}, at, &receipt)
		}
		sweeps := 0
		for second := 10; second <= 1500; second += 10 {
			first := second%20 == 0 // either may be the first
			send(map[bool]string{true: test.asked, false: test.pushed}[first], first, second)
			send(map[bool]string{true: test.pushed, false: test.asked}[first], !first, second)
			if second%500 == 0 {
				b.tracker.Sweep(began.Add(time.Duration(second) * time.Second))
				if sweeps++; sweeps == 1 && told() {
					t.Errorf("%s: told at once", name)
				}
			}
		}
		if told() != test.told {
			t.Errorf("%s: told is %v", name, told())
		}
	}
}
