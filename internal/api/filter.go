package api

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
)

// states in the order of their precedence, the worst first.
var states = []engine.State{
	engine.StateError, engine.StateExhausted, engine.StateBurning, engine.StateNoData,
	engine.StateUnknown, engine.StateIdle, engine.StateOK,
}

// filter selects SLOs: a key given more than once takes any of its values,
// different keys must all match.
type filter struct {
	services, slos, states []string
	labels                 map[string][]string
}

func parseFilter(query string) (filter, error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return filter{}, fail(invalid, "query string cannot be read: %v", err)
	}
	f := filter{labels: map[string][]string{}}
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if !f.take(key, values[key]) {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		return filter{}, fail(invalid, "unknown parameter %s; known are service, slo, state and label.KEY",
			strings.Join(unknown, ", "))
	}
	return f, f.checkStates()
}

func (f *filter) take(key string, values []string) bool {
	label, isLabel := strings.CutPrefix(key, "label.")
	switch {
	case key == "service":
		f.services = values
	case key == "slo":
		f.slos = values
	case key == "state":
		f.states = values
	case isLabel && label != "":
		f.labels[label] = values
	default:
		return false
	}
	return true
}

func (f *filter) checkStates() error {
	for _, s := range f.states {
		if !slices.Contains(states, engine.State(s)) {
			return fail(invalid, "unknown state %q; known are ok, burning, exhausted, idle, no_data, unknown and error", s)
		}
	}
	return nil
}

func (f *filter) instance(in *engine.Instance) bool {
	return anyOf(f.services, in.Spec.Service) && anyOf(f.slos, in.Spec.Name) &&
		anyOf(f.states, string(in.State)) && f.matchLabels(in.Group, in.Spec.Labels)
}

func (f *filter) document(view apitypes.SLO) bool {
	return anyOf(f.services, view.Service) && anyOf(f.slos, view.Name) &&
		anyOf(f.states, view.State) && f.matchLabels(nil, nil)
}

// matchLabels holds label.KEY against the group's label of this name, or else
// the SLO's. A label that is absent is empty, as in PromQL.
func (f *filter) matchLabels(group, labels map[string]string) bool {
	for key, wanted := range f.labels {
		value, ok := group[key]
		if !ok {
			value = labels[key]
		}
		if !slices.Contains(wanted, value) {
			return false
		}
	}
	return true
}

func anyOf(wanted []string, value string) bool {
	return len(wanted) == 0 || slices.Contains(wanted, value)
}

// noParameters refuses what a request without parameters cannot mean.
func noParameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return fail(invalid, "query string cannot be read: %v", err)
	}
	if len(values) > 0 {
		return fail(invalid, "unknown parameter %s; this request takes none",
			strings.Join(slices.Sorted(maps.Keys(values)), ", "))
	}
	return nil
}
