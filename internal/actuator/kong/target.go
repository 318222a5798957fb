package kong

import (
	"context"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// target is something whose value can be read, and written by requests.
type target interface {
	// String is its name in plans.
	String() string
	// read is what is live.
	read(ctx context.Context) (actuator.Live, error)
	// requests lead from one value, that was read before, to another, for an
	// action. ErrRefused: one of them is no value of this target.
	requests(action string, from, to actuator.Value) ([]request, error)
}

// parse is the target of a name.
func (a *Actuator) parse(name string) (target, error) {
	words := strings.Split(name, " ")
	for _, word := range words {
		if !isName(word) {
			words = nil
		}
	}
	switch {
	case len(words) == 2 && words[0] == "upstream":
		return upstreamTarget{a, words[1]}, nil
	case len(words) == 3 && words[0] == "health":
		return healthTarget{a, words[1], words[2]}, nil
	case len(words) == 4 && words[0] == "plugin" && ours[words[1]] != nil && (words[2] == "route" || words[2] == "service"):
		return &pluginTarget{a: a, plugin: words[1], scope: words[2], name: words[3]}, nil
	}
	return nil, fmt.Errorf("find target %q: %w: it is neither \"upstream NAME\", \"plugin NAME route|service NAME\" nor \"health UPSTREAM TARGET\"",
		name, actuator.ErrMissing)
}
