package traefik

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// unsettled are the nodes that do not have an overlay as it is kept: all of it,
// and nothing else by its name. When none answers nothing is known.
func (a *Actuator) unsettled(ctx context.Context, t target, v actuator.Value) (nodes []string, err error) {
	name := nameOf(t.String())
	want, err := parse(v, name)
	if err != nil {
		return a.c.API, nil // which Traefik can hardly make sense of
	}
	var troubles []error
	for _, node := range a.c.API {
		same, err := a.has(ctx, node, name, want)
		if err != nil {
			troubles = append(troubles, err)
		}
		if !same {
			nodes = append(nodes, node)
		}
	}
	if len(troubles) == len(a.c.API) {
		return nil, errors.Join(troubles...)
	}
	return nodes, nil
}

// has reports whether a node has an overlay, and nothing of it is in trouble.
func (a *Actuator) has(ctx context.Context, node, name string, want *overlay) (bool, error) {
	if want == nil {
		want = &overlay{}
	}
	for kind, wanted := range want.sections() {
		live, err := a.list(ctx, node, kind, name)
		if err != nil || len(live) != len(wanted) {
			return false, err
		}
		for n, w := range wanted {
			o := live[n+"@"+a.store.provider()]
			if o == nil || o.text("status") != "enabled" || !contains(o, w) {
				return false, nil
			}
		}
	}
	return true, nil
}

// contains reports whether an object of the API has all that was written.
func contains(o object, want map[string]any) bool {
	raw, err := json.Marshal(o)
	if err != nil {
		return false
	}
	var got, wanted any
	if raw2, err := json.Marshal(want); err != nil || decode(raw, &got) != nil || decode(raw2, &wanted) != nil {
		return false
	}
	return within(got, wanted)
}

// within reports whether all of one value is in another.
func within(got, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		for name, value := range w {
			if !ok || !within(g[name], value) {
				return false
			}
		}
		return ok
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !within(g[i], w[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}
