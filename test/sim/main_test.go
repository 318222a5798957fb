package sim

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
)

var (
	scale = flag.Float64("prove.scale", defaultScale(), "how much is tried; 50 are 10,000 scenario-hours and a million probes")
	only  = flag.Uint64("prove.seed", 0, "try this seed alone")
	first = flag.Uint64("prove.first", 1, "the first seed that is tried")
)

func defaultScale() float64 {
	if f, err := strconv.ParseFloat(os.Getenv("PROVE_SCALE"), 64); err == nil && f > 0 {
		return f
	}
	return modest
}

// seeds calls try with one seed after the other until it says that it is
// enough, or with the one that is asked for. It returns which were tried.
func seeds(t *testing.T, try func(t *testing.T, seed uint64) (enough bool)) (from, to uint64) {
	t.Helper()
	if *only != 0 {
		try(t, *only)
		return *only, *only
	}
	for seed := *first; ; seed++ {
		enough := try(t, seed)
		if t.Failed() {
			t.Logf("repeat: go test ./test/sim -run '^%s$' -prove.seed=%d", t.Name(), seed)
			return *first, seed
		}
		if enough {
			return *first, seed
		}
	}
}

// proved prints the one line of a property.
func proved(t *testing.T, from, to uint64, format string, args ...any) {
	t.Helper()
	fmt.Printf("prove %s: %s, seeds %d..%d\n", t.Name(), fmt.Sprintf(format, args...), from, to)
}
