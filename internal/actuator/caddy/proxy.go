package caddy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// setting is the value of a proxy, in Caddy's own words.
type setting struct {
	Policy    json.RawMessage `json:"selection_policy"` // null: Caddy's default
	Upstreams []string        `json:"upstreams"`        // addresses to dial
}

func (s setting) value() (actuator.Value, error) { return actuator.Canonical(s) }

// policy is a selection policy, as far as weights are concerned.
type policy struct {
	Policy  string `json:"policy"`
	Weights []int  `json:"weights,omitempty"`
}

// weighted is the policy that shifts need. even are those under which upstreams
// are as good as each other, so that it can take their place.
const weighted = "weighted_round_robin"

var even = []string{"", "random", "random_choose", "round_robin", "least_conn"}

// weights are those of the upstreams. ErrUnsupported: the policy knows none.
func (s setting) weights() ([]int, error) {
	var p policy
	if err := json.Unmarshal(s.Policy, &p); err != nil {
		return nil, fmt.Errorf("read selection policy %s: %w: %w", s.Policy, actuator.ErrUnsupported, err)
	}
	switch {
	case slices.Contains(even, p.Policy):
		return slices.Repeat([]int{1}, len(s.Upstreams)), nil
	case p.Policy != weighted:
		return nil, fmt.Errorf("read selection policy: %w: %s keeps clients at the upstream they know: weights would move all of them", actuator.ErrUnsupported, p.Policy)
	case len(p.Weights) != len(s.Upstreams):
		return nil, fmt.Errorf("read selection policy: %w: it has %d weights for %d upstreams", actuator.ErrUnsupported, len(p.Weights), len(s.Upstreams))
	}
	return p.Weights, nil
}

// with is the setting with other weights.
func (s setting) with(weights []int) (setting, error) {
	text, err := json.Marshal(policy{weighted, weights})
	s.Policy = text
	return s, err
}

// proxy is a reverse_proxy handler as it is.
type proxy struct {
	ref     string // as the playbook names it
	at      part
	set     setting
	alone   bool             // load_balancing has nothing but the policy, or is not there
	healthy map[string]*bool // by address; nil: it is not known
}

// handler is a reverse_proxy handler as Caddy has it.
type handler struct {
	Handler   string                     `json:"handler"`
	Balancing map[string]json.RawMessage `json:"load_balancing"`
	Upstreams []struct {
		Dial string `json:"dial"`
	} `json:"upstreams"`
	Dynamic json.RawMessage `json:"dynamic_upstreams"`
	Checks  struct {
		Passive struct {
			FailDuration json.RawMessage `json:"fail_duration"`
			MaxFails     int             `json:"max_fails"`
		} `json:"passive"`
		Active json.RawMessage `json:"active"`
	} `json:"health_checks"`
}

// readProxy asks for a handler.
func (a *Actuator) readProxy(ctx context.Context, ref string) (*proxy, error) {
	at, err := a.get(ctx, ref)
	if err != nil {
		return nil, err
	}
	var h handler
	switch err := json.Unmarshal(at.body, &h); {
	case err != nil || h.Handler != "reverse_proxy":
		return nil, fmt.Errorf("read proxy %s of %s: %w: what is there is no reverse_proxy handler", ref, a.c.Name(), actuator.ErrMissing)
	case len(h.Upstreams) == 0 || h.Dynamic != nil:
		return nil, fmt.Errorf("read proxy %s of %s: %w: its upstreams are dynamic: they have no weights", ref, a.c.Name(), actuator.ErrMissing)
	}
	p := &proxy{ref: ref, at: at, set: setting{Policy: h.Balancing["selection_policy"]}}
	p.alone = h.Balancing == nil || len(h.Balancing) == 1 && p.set.Policy != nil
	if p.set.Policy == nil {
		p.set.Policy = actuator.Absent
	}
	for _, u := range h.Upstreams {
		p.set.Upstreams = append(p.set.Upstreams, u.Dial)
	}
	p.healthy, err = a.readHealth(ctx, h)
	return p, err
}

// members are the upstreams with their shares under some weights.
func (p *proxy) members(weights []int) (list []actuator.Member) {
	shares := p.shares(weights)
	for i, name := range p.set.Upstreams {
		list = append(list, actuator.Member{Name: name, Share: shares[i], Healthy: p.healthy[name]})
	}
	return list
}

// live is what a read of the proxy gives. Where the policy knows no weights it is
// not known who gets what.
func (p *proxy) live() (l actuator.Live, err error) {
	if weights, err := p.set.weights(); err == nil {
		l.Members = p.members(weights)
	}
	l.Version = p.at.etag
	l.Value, err = p.set.value()
	return l, err
}

// change is the one message that makes a policy another one. What was not there
// is not there again afterwards.
func (p *proxy) change(from, to json.RawMessage) (message, error) {
	at := p.at.path + "/load_balancing"
	only, err := json.Marshal(map[string]json.RawMessage{"selection_policy": to})
	switch was, is := !bytes.Equal(from, actuator.Absent), !bytes.Equal(to, actuator.Absent); {
	case was && is:
		return message{"PATCH", at + "/selection_policy", to}, err
	case was && p.alone:
		return message{"DELETE", at, nil}, err
	case was:
		return message{"DELETE", at + "/selection_policy", nil}, err
	case p.alone:
		return message{"PUT", at, only}, err
	}
	return message{"PUT", at + "/selection_policy", to}, err
}
