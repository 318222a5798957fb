package kong

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// maxWeight is the largest that Kong takes.
const maxWeight = 65535

// weights are those of an upstream's targets: its value.
type weights map[string]int

func (w weights) value() (actuator.Value, error) { return actuator.Canonical(w) }

func (w weights) names() []string { return slices.Sorted(maps.Keys(w)) }

// list are the weights in the order of the names.
func (w weights) list() (list []int) {
	for _, name := range w.names() {
		list = append(list, w[name])
	}
	return list
}

// upstream is one as it is: what the database has, and what the balancers do.
type upstream struct {
	weights weights
	nodes   []node
	health  map[string]health // by target; of the first node that says
}

// unsettled are the nodes whose balancers have other weights.
func (u upstream) unsettled() []string {
	return unsettled(u.nodes, func(seen map[string]health) bool { return seen != nil && balances(seen, u.weights) })
}

// upstreamTarget are the weights of an upstream's targets.
type upstreamTarget struct {
	a    *Actuator
	name string
}

func (t upstreamTarget) String() string { return "upstream " + t.name }

func (t upstreamTarget) path() string { return "/upstreams/" + url.PathEscape(t.name) }

func (t upstreamTarget) read(ctx context.Context) (l actuator.Live, err error) {
	u, err := t.look(ctx)
	if err != nil {
		return l, err
	}
	return t.live(u)
}

func (t upstreamTarget) live(u upstream) (l actuator.Live, err error) {
	l.Value, err = u.weights.value()
	l.Members, l.Unsettled = t.a.members(u, u.weights), u.unsettled()
	return l, err
}

// look asks the database for the weights, and the nodes for what they do.
func (t upstreamTarget) look(ctx context.Context) (u upstream, err error) {
	type row struct {
		Target string
		Weight int
		Since  float64 `json:"created_at"`
	}
	rows, _, err := list[row](ctx, t.a, t.a.c.URL, t.path()+"/targets/all")
	if err != nil {
		return u, err
	}
	// Before Kong 2.2 a change of weight was another row: the last one counts.
	slices.SortStableFunc(rows, func(x, y row) int { return cmp.Compare(x.Since, y.Since) })
	u.weights = weights{}
	for _, r := range rows {
		u.weights[r.Target] = r.Weight
	}
	u.nodes = t.a.nodes(ctx, t.name)
	u.health = first(u.nodes)
	return u, nil
}

// requests set the weights that differ.
func (t upstreamTarget) requests(_ string, from, to actuator.Value) (list []request, err error) {
	var f, w weights
	for value, into := range map[*actuator.Value]*weights{&from: &f, &to: &w} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("set %s: %w: %w", t, actuator.ErrRefused, err)
		}
	}
	if !slices.Equal(f.names(), w.names()) {
		return nil, fmt.Errorf("set %s: %w: its targets are others now", t, actuator.ErrRefused)
	}
	for _, name := range w.names() {
		if w[name] < 0 || w[name] > maxWeight || !isName(name) {
			return nil, fmt.Errorf("set %s: %w: %q with weight %d", t, actuator.ErrRefused, name, w[name])
		}
		if f[name] != w[name] {
			list = append(list, request{
				method: http.MethodPatch, path: t.path() + "/targets/" + url.PathEscape(name),
				body: fmt.Appendf(nil, `{"weight":%d}`, w[name]),
			})
		}
	}
	return list, nil
}

// takers are the targets that would get traffic with some weights.
func (u upstream) takers(with weights) (names []string) {
	for _, name := range with.names() {
		if with[name] > 0 && !u.health[name].down() {
			names = append(names, name)
		}
	}
	return names
}

// members are the targets with their shares under some weights.
func (a *Actuator) members(u upstream, with weights) (list []actuator.Member) {
	takers, sum := u.takers(with), 0
	for _, name := range takers {
		sum += with[name]
	}
	for _, name := range with.names() {
		m := actuator.Member{Name: a.member(name), Healthy: u.health[name].healthy()}
		if slices.Contains(takers, name) {
			m.Share = float64(with[name]) / float64(sum)
		}
		list = append(list, m)
	}
	return list
}

// member is what playbooks call a target, and target what Kong calls a member.
func (a *Actuator) member(target string) string {
	for name, t := range a.c.Members {
		if t == target {
			return name
		}
	}
	return target
}

func (a *Actuator) target(member string) string { return cmp.Or(a.c.Members[member], member) }
