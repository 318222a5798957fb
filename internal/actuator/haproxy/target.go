package haproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// target is something whose value can be read, and written by commands.
type target interface {
	// name is the one in plans.
	name() string
	// read is what is live.
	read(ctx context.Context) (actuator.Live, error)
	// commands lead from one value to another. ErrRefused: one of them is no value
	// of this target.
	commands(from, to actuator.Value) ([]string, error)
}

// parse is the target of a name.
func (a *Actuator) parse(name string) (target, error) {
	kind, rest, _ := strings.Cut(name, " ")
	switch file, key, _ := strings.Cut(rest, " "); {
	case kind == "backend" && proxyName.MatchString(rest):
		return backendTarget{a, rest}, nil
	case kind == "map" && word.MatchString(file) && word.MatchString(key):
		return entryTarget{a, file, key}, nil
	}
	return nil, fmt.Errorf("find target %q: %w: it is neither \"backend NAME\" nor \"map FILE KEY\"", name, actuator.ErrMissing)
}

// backendTarget are the settings of a backend's servers.
type backendTarget struct {
	a       *Actuator
	backend string
}

func (t backendTarget) name() string { return "backend " + t.backend }

func (t backendTarget) read(ctx context.Context) (l actuator.Live, err error) {
	b, err := t.a.readBackend(ctx, t.backend)
	if err != nil {
		return l, err
	}
	return b.live()
}

// commands set what differs, first of the servers that get more weight, so that
// there is always somebody to take the traffic.
func (t backendTarget) commands(from, to actuator.Value) (list []string, err error) {
	var f, w settings
	for value, into := range map[*actuator.Value]*settings{&from: &f, &to: &w} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("set backend %s: %w: %w", t.backend, actuator.ErrRefused, err)
		}
	}
	names := namesOf(w)
	if !slices.Equal(names, namesOf(f)) {
		return nil, fmt.Errorf("set backend %s: %w: its servers are others now", t.backend, actuator.ErrRefused)
	}
	slices.SortStableFunc(names, func(x, y string) int { return gain(f[y], w[y]) - gain(f[x], w[x]) })
	for _, name := range names {
		server := "set server " + t.backend + "/" + name
		if f[name].Weight != w[name].Weight {
			list = append(list, fmt.Sprintf("%s weight %d", server, w[name].Weight))
		}
		if f[name].State != w[name].State {
			list = append(list, server+" state "+w[name].State)
		}
	}
	return list, valid(w)
}

// gain orders servers by what they get: 1 more, 0 the same, -1 less.
func gain(from, to setting) int {
	takes := func(s setting) int {
		if s.State != ready {
			return 0
		}
		return s.Weight
	}
	switch d := takes(to) - takes(from); {
	case d > 0:
		return 1
	case d < 0:
		return -1
	}
	return 0
}

// valid keeps anything but names, states and weights out of commands.
func valid(s settings) error {
	for name, set := range s {
		known := set.State == ready || set.State == drain || set.State == maint
		if !known || set.Weight < 0 || set.Weight > maxWeight || !proxyName.MatchString(name) {
			return fmt.Errorf("set server %q: %w: state %q with weight %d", name, actuator.ErrRefused, set.State, set.Weight)
		}
	}
	return nil
}
