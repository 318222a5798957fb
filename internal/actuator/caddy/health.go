package caddy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// readHealth asks for what Caddy thinks of upstreams. It counts failures of those
// that it watches passively; what active checks find it tells nobody, so there an
// upstream without failures is not known to be well.
func (a *Actuator) readHealth(ctx context.Context, h handler) (map[string]*bool, error) {
	passive := h.Checks.Passive
	if len(passive.FailDuration) == 0 || slices.Contains([]string{"0", `""`, `"0"`, `"0s"`}, string(passive.FailDuration)) {
		return nil, nil
	}
	got, err := a.ask(ctx, "/reverse_proxy/upstreams")
	if err != nil {
		return nil, err
	}
	var list []struct {
		Address string
		Fails   int
	}
	if err := json.Unmarshal(got.body, &list); err != nil {
		return nil, fmt.Errorf("read health of upstreams of %s: %w: %w", a.c.Name(), actuator.ErrUnavailable, err)
	}
	healthy := map[string]*bool{}
	for _, u := range list {
		if well := u.Fails < max(1, passive.MaxFails); !well || h.Checks.Active == nil {
			healthy[u.Address] = &well
		}
	}
	return healthy, nil
}

// up reports whether an upstream may be sent requests, as far as is known.
func (p *proxy) up(i int) bool {
	well := p.healthy[p.set.Upstreams[i]]
	return well == nil || *well
}

// shares are what upstreams get under some weights. Caddy finds a place among
// the positive weights, and takes the upstream at that place among those that
// are up: when one is down, its part goes round, not to all in proportion.
func (p *proxy) shares(weights []int) []float64 {
	shares := make([]float64, len(weights))
	var positive, up []int // places
	sum := 0
	for i, w := range weights {
		if w > 0 {
			positive, sum = append(positive, i), sum+w
			if p.up(i) {
				up = append(up, i)
			}
		}
	}
	if len(up) == 0 {
		return shares
	}
	for nth, i := range positive {
		shares[up[nth%len(up)]] += float64(weights[i]) / float64(sum)
	}
	return shares
}
