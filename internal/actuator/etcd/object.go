package etcd

import (
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Kinds of objects: the first part of their keys, and of targets.
const (
	kindWeights    = "weights"
	kindRoute      = "route"
	kindRate       = "rate"
	kindDependency = "dependency"
)

// object is what an action is about, such as "weights checkout".
type object struct{ kind, name string }

// target names it in plans.
func (o object) target() string { return o.kind + " " + o.name }

// path is the end of its keys.
func (o object) path() string { return o.kind + "/" + o.name }

// needs is the object without whose document there is no such thing: a rate
// belongs to a route, and may not have been written yet.
func (o object) needs() object {
	if o.kind == kindRate {
		return object{kindRoute, o.name}
	}
	return o
}

// parse is the object of a target.
func parse(target string) (object, error) {
	kind, name, _ := strings.Cut(target, " ")
	switch o := (object{kind, name}); kind {
	case kindWeights, kindRoute, kindRate, kindDependency:
		if name != "" && plain(name) {
			return o, nil
		}
	}
	return object{}, fmt.Errorf("find target %q: %w: it is not \"weights GROUP\", \"route NAME\", \"rate NAME\" or \"dependency NAME\"", target, actuator.ErrMissing)
}

// about is the object of an action.
func (a *Actuator) about(action actuator.Action) (o object, err error) {
	field := ""
	switch action.Kind {
	case actuator.Shift, actuator.Eject, actuator.Drain:
		o, field = object{kindWeights, a.c.Group}, "group"
	case actuator.CloseRoute:
		o, field = object{kindRoute, action.Route}, "route"
	case actuator.RateLimit:
		o, field = object{kindRate, action.Route}, "route"
	case actuator.Breaker:
		o, field = object{kindDependency, action.Dependency}, "dependency"
	default:
		return o, fmt.Errorf("plan %q: %w", action.Kind, actuator.ErrUnsupported)
	}
	if o.name == "" || !plain(o.name) {
		return o, fmt.Errorf("plan %s: %w: %s %q is not the name of one", action.Kind, actuator.ErrMissing, field, o.name)
	}
	return o, nil
}

// The keys of an object, and those of the whole gateway.

func (a *Actuator) documentKey(o object) string { return a.c.Prefix + "/" + o.path() }
func (a *Actuator) overlayKey(o object) string  { return a.c.Prefix + "/overlay/" + o.path() }
func (a *Actuator) doneKey(o object) string     { return a.c.Prefix + "/done/" + o.path() }
func (a *Actuator) healthKey(o object) string   { return a.c.Prefix + "/health/" + o.name }
func (a *Actuator) epochKey() string            { return a.c.Prefix + "/epoch" }
func (a *Actuator) nodesKey() string            { return a.c.Prefix + "/node/" }
