package kong

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/proportion"
)

// Between is the value on the way. Shares of the traffic go straight from the one
// to the other, whatever the weights are multiples of. Where one weight differs,
// one weight changes, so that each step is one request; otherwise the sum of all
// is the larger one of the two, where that is fine enough. Plugins and health know
// no middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	var f, t weights
	switch {
	case share >= 1:
		return to, nil
	case share <= 0 || json.Unmarshal(from, &f) != nil || json.Unmarshal(to, &t) != nil || f == nil || t == nil:
		return from, nil
	case !slices.Equal(f.names(), t.names()):
		return nil, fmt.Errorf("find the value between: %w: not the same targets: %s and %s", actuator.ErrRefused, from, to)
	}
	return mix(f, t, share).value()
}

// mix are the weights between.
func mix(f, t weights, share float64) weights {
	names, sumF, sumT := f.names(), proportion.Sum(f.list()), proportion.Sum(t.list())
	if sumF == 0 || sumT == 0 {
		return f
	}
	shares := proportion.Mixed(proportion.Shares(f.list()), proportion.Shares(t.list()), share)
	middle := scaled(f, 1)
	if i, only := differs(f, t, names); only {
		if others := sumF - f[names[i]]; others > 0 {
			middle[names[i]] = beside(float64(others), shares[i])
		}
		return middle
	}
	for i, weight := range proportion.Of(shares, max(sumF, sumT)) {
		middle[names[i]] = weight
	}
	return middle
}

// differs is the only weight that differs, if there is one.
func differs(f, t weights, names []string) (which int, only bool) {
	n := 0
	for i, name := range names {
		if f[name] != t[name] {
			which = i
			n++
		}
	}
	return which, n == 1
}
