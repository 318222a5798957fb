package traefik

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// store is where overlays are kept, and Traefik finds them.
type store interface {
	// provider is Traefik's name for it.
	provider() string
	// guarantees are what it adds to those of every Traefik.
	guarantees(g actuator.Guarantees) actuator.Guarantees
	// read finds the overlay of a name.
	read(ctx context.Context, name string) (kept, error)
	// requests are what write sends.
	requests(c change) ([]actuator.Request, error)
	// written is what is found after a change.
	written(c change) kept
	// write puts an overlay in place of what was found.
	write(ctx context.Context, c change) (answer string, err error)
}

// kept is what a store has under a name.
type kept struct {
	// value is the overlay, null while there is none. What cannot be read as one is
	// a value of its own, and none that an action writes.
	value actuator.Value
	owner string
	// What follows is etcd's: the revision at which all of it was read, those of its
	// keys, and the lease that they have.
	revision int64
	keys     map[string]int64
	record   int64 // revision of the record of it
	lease    int64
	epoch    string // the highest so far; empty: none
}

// change puts one overlay in place of another.
type change struct {
	name, action string
	epoch        int64
	from         kept
	to           actuator.Value
	until        time.Time
	// base is the service that the overlay's weights were made from; empty: none.
	base string
}

// parse reads an overlay of a name; nil is none. ErrRefused: it is not one, or
// something in it is called otherwise.
func parse(v actuator.Value, name string) (*overlay, error) {
	if actuator.Same(v, actuator.Absent) {
		return nil, nil
	}
	var o overlay
	if err := strictly(v, &o); err != nil {
		return nil, fmt.Errorf("read overlay %s: %w: %w", name, actuator.ErrRefused, err)
	}
	if len(o.Routers) == 0 {
		return nil, fmt.Errorf("read overlay %s: %w: it has no router", name, actuator.ErrRefused)
	}
	for kind, names := range o.names() {
		if i := slices.IndexFunc(names, func(n string) bool {
			return !strings.HasPrefix(n, name+"-") || odd.MatchString(strings.ReplaceAll(n, "-", ""))
		}); i >= 0 {
			return nil, fmt.Errorf("read overlay %s: %w: its %s has the name of something else: %q", name, actuator.ErrRefused, kind, names[i])
		}
	}
	return &o, nil
}

// sections are the parts of an overlay by their names in Traefik.
func (o *overlay) sections() map[string]map[string]map[string]any {
	return map[string]map[string]map[string]any{routers: o.Routers, services: o.Services, middlewares: o.Middlewares}
}

// names are what an overlay adds, by kind.
func (o *overlay) names() map[string][]string {
	all := map[string][]string{}
	for kind, some := range o.sections() {
		for name := range some {
			all[kind] = append(all[kind], name)
		}
	}
	return all
}
