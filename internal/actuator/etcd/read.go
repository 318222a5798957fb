package etcd

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	o, err := parse(target)
	if err != nil {
		return l, err
	}
	err = a.call(ctx, func(ctx context.Context, c *clientv3.Client) error {
		s, err := a.look(ctx, c, o)
		if err == nil {
			l, err = s.live(a.now())
		}
		return err
	})
	return l, err
}

// behind are the nodes that have not come to the last change yet. What etcd
// deletes by itself has no revision that is kept: expires_at says when it ends.
func (s *state) behind() (names []string) {
	last := max(s.document.revision, s.overlay.revision, s.done.revision)
	for name, revision := range s.nodes {
		if revision < last {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// members are those of a group, with what the gateway thinks of them.
func (s *state) members(v actuator.Value) []actuator.Member {
	if s.kind != kindWeights {
		return nil
	}
	set, err := weightsOf(v)
	if err != nil {
		return nil // what somebody has written is no group: the value says so
	}
	var healthy map[string]bool
	if err := json.Unmarshal(s.health.raw, &healthy); err != nil {
		healthy = nil
	}
	return set.Shares(healthy)
}
