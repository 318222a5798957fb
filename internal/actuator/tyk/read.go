package tyk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Read implements actuator.Actuator.
func (a *Actuator) Read(ctx context.Context, target string) (l actuator.Live, err error) {
	api, err := apiOf(target)
	if err != nil {
		return l, err
	}
	l, _, err = a.look(ctx, api)
	return l, err
}

// targetOf is the name of an API's target, and apiOf the API of a target.
func targetOf(api string) string { return "api " + api }

func apiOf(target string) (api string, err error) {
	api, ours := strings.CutPrefix(target, "api ")
	if !ours || !isName(api) {
		return "", fmt.Errorf("find target %q: %w: it is not \"api ID\"", target, actuator.ErrMissing)
	}
	return api, nil
}

// look is what is loaded, and the definition that it is a part of.
func (a *Actuator) look(ctx context.Context, api string) (l actuator.Live, d document, err error) {
	d, err = a.load(ctx, a.c.URL, api)
	if err != nil {
		return l, d, err
	}
	p, err := d.parts()
	if err != nil {
		return l, d, fmt.Errorf("read %s: %w", targetOf(api), err)
	}
	if l.Value, err = p.value(); err != nil {
		return l, d, fmt.Errorf("read %s: %w: %w", targetOf(api), actuator.ErrUnavailable, err)
	}
	l.Members = a.members(p)
	l.Unsettled = a.unsettled(ctx, api, l.Value)
	return l, d, nil
}

// unsettled are the nodes that have loaded something else, or do not answer.
func (a *Actuator) unsettled(ctx context.Context, api string, want actuator.Value) (names []string) {
	settled := make([]bool, len(a.c.Nodes))
	var all sync.WaitGroup
	for i, node := range a.c.Nodes {
		all.Go(func() { settled[i] = node == a.c.URL || a.has(ctx, node, api, want) })
	}
	all.Wait()
	for i, node := range a.c.Nodes {
		if _, name, _ := strings.Cut(node, "://"); !settled[i] {
			names = append(names, name)
		}
	}
	return names
}

func (a *Actuator) has(ctx context.Context, node, api string, want actuator.Value) bool {
	d, err := a.load(ctx, node, api)
	if err != nil {
		a.log.Debug("ask a node of tyk", "node", node, "error", err)
		return false
	}
	p, err := d.parts()
	return err == nil && same(p, want)
}

// weights are those that a value has; nil: it has none.
func (p parts) weights() (w weights) {
	if list, there := p[repeated]; there {
		var names []string
		if convert(list, &names) == nil && len(names) > 0 {
			return counted(names)
		}
		return nil
	}
	if p[weighed] != nil && convert(p[weighed], &w) != nil {
		return nil
	}
	return w
}

// members are the load balancer's targets with their shares. Tyk does not tell
// their health.
func (a *Actuator) members(p parts) (list []actuator.Member) {
	w := p.weights()
	shares := w.shares()
	for i, name := range w.names() {
		list = append(list, actuator.Member{Name: a.member(name), Share: shares[i]})
	}
	return list
}

// member is what playbooks call a target, and target what Tyk calls a member.
func (a *Actuator) member(target string) string {
	for name, t := range a.c.Members {
		if t == target {
			return name
		}
	}
	return target
}

func (a *Actuator) target(member string) string { return cmp.Or(a.c.Members[member], member) }

// Between is the value on the way. Shares of the traffic go straight from the one
// to the other, with the smallest weights that come close. All else knows no
// middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	var f, t parts
	switch {
	case share >= 1:
		return to, nil
	case share <= 0 || convert(from, &f) != nil || convert(to, &t) != nil || same(f.weights(), t.weights()):
		return from, nil
	}
	x, y := f.weights(), t.weights()
	if !slices.Equal(x.names(), y.names()) {
		return nil, fmt.Errorf("find the value between: %w: not the same targets: %s and %s", actuator.ErrRefused, from, to)
	}
	return f.weighing(between(x, y, share)).value()
}

// weighing are the parts with other weights.
func (p parts) weighing(w weights) parts {
	after := parts{}
	for name, part := range p {
		after[name] = part
	}
	if _, old := p[repeated]; old {
		after[repeated] = listed(w)
	} else {
		after[weighed] = w
	}
	return after
}
