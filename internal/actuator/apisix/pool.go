package apisix

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/members"
)

// Pool is an adapter for the weights of an upstream, or of a route's plugin
// traffic-split.
type Pool struct{ g *gateway }

var _ actuator.Actuator = (*Pool)(nil)

// object is an upstream or a route.
type object struct{ kind, id string }

func (o object) target() string { return o.kind + " " + o.id }
func (o object) path() string   { return "/" + o.kind + "s/" + o.id }

// parse is the object of a target, which is of one of some kinds.
func parse(target string, kinds ...string) (object, error) {
	kind, name, _ := strings.Cut(target, " ")
	if !slices.Contains(kinds, kind) || !id.MatchString(name) {
		return object{}, fmt.Errorf("find target %q: %w: it is not %q", target, actuator.ErrMissing, strings.Join(kinds, " or ")+" ID")
	}
	return object{kind, name}, nil
}

// Guarantees are those of PATCH.
func (p *Pool) Guarantees() actuator.Guarantees {
	return actuator.Guarantees{
		Precondition: actuator.ReadBefore, Survives: true,
		Window: "between the look at APISIX right before a write and the write itself, a few milliseconds: PATCH compares only with what it has just read itself",
		Kinds:  []actuator.Kind{actuator.Shift, actuator.Eject, actuator.Drain},
	}
}

// spread is an object with its split, as it was read.
type spread struct {
	object
	split
	revision string
}

func (p *Pool) look(ctx context.Context, o object) (s spread, err error) {
	value, revision, err := p.g.get(ctx, o.path())
	if err != nil {
		return s, err
	}
	s = spread{object: o, revision: revision}
	if s.split, err = readSplit(o, value); err == nil && s.set.Check() != nil {
		err = fmt.Errorf("%w: %w", actuator.ErrRefused, s.set.Check())
	}
	if err != nil {
		return s, fmt.Errorf("read %s of %s: %w", o.target(), p.g.c.Name(), err)
	}
	return s, nil
}

// live is what is said of it, and what APISIX's nodes say.
func (p *Pool) live(ctx context.Context, s spread) (l actuator.Live, err error) {
	if l.Value, err = actuator.Canonical(s.set); err != nil {
		return l, err
	}
	l.Version = s.revision
	l.Members = s.set.Shares(p.healthy(ctx, s.object))
	l.Unsettled = p.g.unsettled(ctx, "/v1/"+s.kind+"/"+s.id, func(value document) bool {
		there, err := readSplit(s.object, value)
		return err == nil && maps.Equal(there.set, s.set)
	})
	return l, nil
}

// healthy is known of nodes, and not of whole upstreams.
func (p *Pool) healthy(ctx context.Context, o object) map[string]bool {
	if o.kind != "upstream" {
		return nil
	}
	return p.g.healthy(ctx, o.id)
}

// Read implements actuator.Actuator.
func (p *Pool) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	o, err := parse(target, "upstream", "route")
	if err != nil {
		return l, err
	}
	s, err := p.look(ctx, o)
	if err != nil {
		return l, err
	}
	return p.live(ctx, s)
}

// Plan implements actuator.Actuator.
func (p *Pool) Plan(ctx context.Context, action actuator.Action) (plan actuator.Plan, err error) {
	o := object{"upstream", p.g.c.Upstream}
	if o.id == "" {
		o = object{"route", p.g.c.Route}
	}
	if !slices.Contains(p.Guarantees().Kinds, action.Kind) {
		return plan, fmt.Errorf("plan %q: %w: it is not about the members of %s: leave upstream and route out", action.Kind, actuator.ErrUnsupported, o.target())
	}
	s, err := p.look(ctx, o)
	if err != nil {
		return plan, err
	}
	after, err := s.set.Without(action.Member)
	if action.Kind == actuator.Shift {
		after, err = s.set.Shift(action.From, action.To, action.Share)
	}
	if err != nil {
		return plan, fmt.Errorf("plan %s in %s: %w", action.Kind, o.target(), err)
	}
	return p.plan(ctx, s, after)
}

func (p *Pool) plan(ctx context.Context, s spread, after members.Set) (plan actuator.Plan, err error) {
	plan.Target = s.target()
	if plan.Before, err = p.live(ctx, s); err != nil {
		return plan, err
	}
	plan.Members = after.Shares(p.healthy(ctx, s.object))
	if plan.After, err = actuator.Canonical(after); err != nil {
		return plan, err
	}
	for set, requests := range map[*members.Set]*[]actuator.Request{&after: &plan.Requests, &s.set: &plan.Undo} {
		body, err := s.with(*set)
		if err != nil {
			return plan, err
		}
		*requests = []actuator.Request{p.g.request(http.MethodPatch, s.path()+s.part, string(body))}
	}
	return plan, nil
}

// Write implements actuator.Actuator: it looks, and writes.
func (p *Pool) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	o, err := parse(w.Target, "upstream", "route")
	if err != nil {
		return x, err
	}
	s, err := p.look(ctx, o)
	if err != nil {
		return x, err
	}
	now, err := actuator.Canonical(s.set)
	var to members.Set
	switch {
	case err != nil:
		return x, err
	case actuator.Same(now, w.To):
		return actuator.Exchange{Answer: "it is so already", Version: s.revision}, nil
	case !actuator.Same(now, w.From.Value):
		return x, fmt.Errorf("write %s: %w: %s, not %s", w.Target, actuator.ErrConflict, now, w.From.Value)
	case json.Unmarshal(w.To, &to) != nil || !slices.Equal(to.Names(), s.set.Names()) || to.Check() != nil:
		return x, fmt.Errorf("write %s: %w: %.200s is not the weights of %v", w.Target, actuator.ErrRefused, w.To, s.set.Names())
	}
	body, err := s.with(to)
	if err != nil {
		return x, err
	}
	p.g.log.Debug("write to apisix", "action", w.Action, "target", w.Target)
	x.Requests = []actuator.Request{p.g.request(http.MethodPatch, s.path()+s.part, string(body))}
	x.Answer, err = p.g.tell(ctx, http.MethodPatch, s.path()+s.part, body)
	return x, err
}

// Between implements actuator.Actuator: the members' shares go straight.
func (p *Pool) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	var f, t members.Set
	for value, into := range map[*actuator.Value]*members.Set{&from: &f, &to: &t} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("find the value between: %w: %w", actuator.ErrRefused, err)
		}
	}
	middle, err := members.Between(f, t, share)
	if err != nil {
		return nil, err
	}
	return actuator.Canonical(middle)
}
