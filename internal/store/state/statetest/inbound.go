package statetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// elsewhere is an alert that somebody else raised.
func elsewhere(fingerprint string) remediation.Inbound {
	return remediation.Inbound{
		Fingerprint: fingerprint, Labels: map[string]string{"alertname": "Retransmits", "node": "n1"},
		Annotations: map[string]string{"summary": "<8 %> \u2028 \x00"}, StartsAt: start.Add(-time.Minute), Heard: start,
		From: "10.0.0.1", GeneratorURL: "http://prometheus.example/graph?a=1&b=2",
	}
}

// take writes alerts, which must go.
func take(t *testing.T, s remediation.Store, seen int64, alerts []remediation.Inbound, forget ...string) int64 {
	t.Helper()
	number, err := s.TakeInbound(t.Context(), seen, alerts, forget)
	ok(t, err)
	return number
}

// wantInbound checks what was written after a number.
func wantInbound(t *testing.T, s remediation.Store, after int64, want ...remediation.Inbound) (number int64) {
	t.Helper()
	got, number, err := s.Inbound(t.Context(), after)
	ok(t, err)
	slices.SortFunc(got, func(a, b remediation.Inbound) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	same(t, fmt.Sprint("inbound after ", after), got, want)
	return number
}

func keepsInbound(t *testing.T, s remediation.Store) {
	none := wantInbound(t, s, 0)
	a, b, c := elsewhere("a"), elsewhere("b"), elsewhere("c")
	first := take(t, s, none, []remediation.Inbound{a, b})
	same(t, "number", wantInbound(t, s, none, a, b), first)
	wantInbound(t, s, first)

	_, err := s.TakeInbound(t.Context(), none, []remediation.Inbound{c}, []string{"a"})
	want(t, err, remediation.ErrRevision)
	wantInbound(t, s, 0, a, b)

	ended := a
	ended.EndsAt, ended.Heard, ended.Reason = start.Add(time.Second), start.Add(2*time.Second), "known"
	second := take(t, s, first, []remediation.Inbound{c, a, ended}, "b", "nobody") // the last of a counts
	wantInbound(t, s, first, ended, c)
	wantInbound(t, s, 0, ended, c)

	third := take(t, s, second, nil, "a", "c")
	wantInbound(t, s, 0)
	again := take(t, s, third, []remediation.Inbound{a}, "a") // forgotten, then written
	wantInbound(t, s, third, a)
	if again <= third || third <= second || second <= first {
		t.Errorf("the numbers are %d, %d, %d, %d", first, second, third, again)
	}
	if _, err := s.TakeInbound(t.Context(), again, []remediation.Inbound{b, {}}, nil); err == nil {
		t.Error("an alert without a fingerprint was taken")
	}
	wantInbound(t, s, 0, a)
}

// A storm is written at once.
func keepsStorms(t *testing.T, s remediation.Store) {
	var storm []remediation.Inbound
	var names []string
	for i := range 3000 {
		storm = append(storm, elsewhere(fmt.Sprintf("%04d", i)))
		names = append(names, storm[i].Fingerprint)
	}
	number := take(t, s, 0, storm)
	wantInbound(t, s, 0, storm...)
	take(t, s, number, storm[:1], names...)
	wantInbound(t, s, 0, storm[0])
}
