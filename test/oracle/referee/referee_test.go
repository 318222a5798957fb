package referee

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/test/oracle"
)

const second = int64(time.Second)

// A tape must say what the oracle says that sums event by event.
func TestTapeEqualsTheOracle(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10 {
		var parts []oracle.Part
		for _, weight := range []oracle.Weight{{Total: 1}, {Bad: 1, Total: 1}, {Bad: -1}} {
			p := oracle.Part{Weight: weight}
			at := int64(100_000_000) * second
			for range 200 {
				from := at
				at += 1 + rng.Int64N(400*second)
				p.Increments = append(p.Increments, oracle.Increment{From: from, To: at, N: rng.Int64N(1000), Whole: at-from < 300*second})
			}
			parts = append(parts, p)
		}
		tape := NewTape(parts, nil)
		for range 50 {
			at := time.Unix(100_000_000+rng.Int64N(50_000), rng.Int64N(second))
			w := []time.Duration{time.Second, time.Hour, 6 * time.Hour, 30 * day}[rng.IntN(4)]
			start, end, want := oracle.Window(parts, at, w)
			from, to, got := tape.Window(at.UnixNano(), math.MaxInt64, w)
			if from != start.UnixNano() || to != end.UnixNano() || got.Bad != want.Bad.Int64() || got.Total != want.Total.Int64() {
				t.Fatalf("%s before %s: %+v in (%d, %d], the oracle %v of %v in (%s, %s]", w, at, got, from, to, want.Bad, want.Total, start, end)
			}
		}
	}
}

// What is not known yet does not count, nor does what lies in a gap that
// nobody has seen the end of.
func TestTapeKnowsOnlyThePast(t *testing.T) {
	tape := NewTape([]oracle.Part{{Weight: oracle.Weight{Total: 1}, Increments: []oracle.Increment{
		{From: 10 * second, To: 20 * second, N: 5, Whole: true},
		{From: 20 * second, To: 320 * second, N: 300},
	}}}, []int64{10 * second, 20 * second, 320 * second})
	for _, tt := range []struct{ at, now, want int64 }{{19, 19, 0}, {20, 20, 5}, {120, 319, 5}, {120, 320, 105}, {400, 320, 305}} {
		if got := tape.Until(tt.at*second, tt.now*second).Total; got != tt.want {
			t.Errorf("until %d s, known at %d s: %d, want %d", tt.at, tt.now, got, tt.want)
		}
	}
	for _, tt := range []struct {
		at, now int64
		want    float64
	}{{20, 20, 0.1}, {30, 30, 0.2}, {110, 110, 1}, {115, 330, 1}} {
		if got := tape.coverage(tt.at*second, tt.now*second, 100*time.Second); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("coverage at %d s: %v, want %v", tt.at, got, tt.want)
		}
	}
}

// The table of the design, and its worked examples.
func TestTiers(t *testing.T) {
	month := Tiers(SLO{Budget: 0.001, Window: 30 * day})
	want := []Tier{
		{"heal", Heal, 5 * time.Minute, 30 * time.Second, 17.28},
		{"page_fast", Critical, time.Hour, 5 * time.Minute, 14.4},
		{"page_slow", Critical, 6 * time.Hour, 30 * time.Minute, 6},
		{"ticket_fast", Warning, day, 2 * time.Hour, 3},
		{"ticket_slow", Warning, 3 * day, 6 * time.Hour, 1},
	}
	near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
	if diff := cmp.Diff(want, month, near); diff != "" {
		t.Errorf("tiers of a month (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		slo  SLO
		want Tier
	}{
		{SLO{0.001, 28 * day}, Tier{"page_fast", Critical, time.Hour, 5 * time.Minute, 13.44}},
		{SLO{0.001, day}, Tier{"page_fast", Critical, 2 * time.Minute, 10 * time.Second, 14.4}},
		{SLO{0.1, 30 * day}, Tier{"page_fast", Critical, 10368 * time.Second, 864 * time.Second, 5}},
	} {
		if diff := cmp.Diff(tt.want, Tiers(tt.slo)[1], near); diff != "" {
			t.Errorf("page_fast of %+v (-want +got):\n%s", tt.slo, diff)
		}
	}
}

// For whole events the tail is a sum of binomial terms.
func TestTail(t *testing.T) {
	for _, tt := range []struct {
		bad, total int
		ratio      float64
	}{{1, 10, 0.01}, {5, 20, 0.1}, {5, 1000, 0.001}, {60, 1000, 0.05}, {300, 300, 0.99}, {20, 1000, 0.05}} {
		sum := 0.0
		for k := tt.bad; k <= tt.total; k++ {
			sum += math.Exp(logGamma(float64(tt.total+1)) - logGamma(float64(k+1)) - logGamma(float64(tt.total-k+1)) +
				float64(k)*math.Log(tt.ratio) + float64(tt.total-k)*math.Log1p(-tt.ratio))
		}
		if got := tail(float64(tt.bad), float64(tt.total), tt.ratio); math.Abs(got-sum) > 1e-9 {
			t.Errorf("at least %d of %d at %v: %v, the sum is %v", tt.bad, tt.total, tt.ratio, got, sum)
		}
	}
}

// A total outage after a clean hour pages after 51.84 s: at the next tick.
func TestOutage(t *testing.T) {
	var good, bad oracle.Part
	good.Weight, bad.Weight = oracle.Weight{Total: 1}, oracle.Weight{Bad: 1, Total: 1}
	var sets []int64
	begin := int64(1_000_000)
	for s := range int64(3600 + 120) {
		p := &good
		if s >= 3600 {
			p = &bad
		}
		from, to := (begin+s)*second, (begin+s+1)*second
		p.Increments = append(p.Increments, oracle.Increment{From: from, To: to, N: 100, Whole: true})
		sets = append(sets, to)
	}
	for _, rules := range []Rules{{}, {Plain: true}, {Plain: true, Exact: true}} {
		r := New(rules, SLO{0.001, 30 * day}, NewTape([]oracle.Part{good, bad}, sets), time.Second, 0)
		paged := int64(0)
		for s := range int64(120) {
			if v := r.Look((begin + 3600 + s) * second); v.Burning[Critical] == "page_fast" && paged == 0 {
				paged = s
			}
		}
		if paged != 52 {
			t.Errorf("%+v: paged after %d s, want 52", rules, paged)
		}
	}
}
