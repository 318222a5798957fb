package traefik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// child is a member of a weighted service, as Traefik has it.
type child struct {
	Name   string `json:"name"` // with its provider
	Weight int    `json:"weight"`
}

// group is a weighted service as it is.
type group struct {
	name     string                     // with its provider
	settings map[string]json.RawMessage // of weighted, services among them
	children []child
	members  []string // names as people write them
	healthy  []*bool  // of members; nil: it is not known
	heeds    bool     // who is not healthy gets nothing
}

// readGroup asks a node for a weighted service.
func (a *Actuator) readGroup(ctx context.Context, node, name string) (*group, error) {
	o, err := a.one(ctx, node, services, name)
	if err != nil {
		return nil, err
	}
	g := &group{name: name}
	if err := json.Unmarshal(o["weighted"], &g.settings); err != nil || g.settings == nil {
		return nil, fmt.Errorf("read service %s of %s: %w: it is no weighted service", name, a.c.Name(), actuator.ErrMissing)
	}
	var list []struct {
		Name   string
		Weight *int
	}
	if err := json.Unmarshal(g.settings["services"], &list); err != nil || len(list) == 0 {
		return nil, fmt.Errorf("read service %s of %s: %w: it has no members: %v", name, a.c.Name(), actuator.ErrUnavailable, err)
	}
	for _, one := range list {
		c := child{Name: with(one.Name, providerOf(name)), Weight: 1}
		if one.Weight != nil {
			c.Weight = *one.Weight
		}
		g.children = append(g.children, c)
	}
	g.members = short(g.children)
	_, g.heeds = g.settings["healthCheck"]
	return g, nil
}

// with is a name with its provider: that of who names it, if it says none.
func with(name, provider string) string {
	if strings.Contains(name, "@") {
		return name
	}
	return name + "@" + provider
}

func providerOf(name string) string { return name[strings.LastIndex(name, "@")+1:] }

// short are names without providers, where that leaves no doubt.
func short(children []child) (names []string) {
	count := map[string]int{}
	for _, c := range children {
		name, _, _ := strings.Cut(c.Name, "@")
		count[name]++
	}
	for _, c := range children {
		name, _, _ := strings.Cut(c.Name, "@")
		if count[name] > 1 {
			name = c.Name
		}
		names = append(names, name)
	}
	return names
}

// readHealth asks a node for what it thinks of the members: those are healthy
// that have a server which passes its checks.
func (a *Actuator) readHealth(ctx context.Context, node string, g *group) error {
	g.healthy = make([]*bool, len(g.children))
	for i, c := range g.children {
		o, err := a.one(ctx, node, services, c.Name)
		switch {
		case errors.Is(err, actuator.ErrMissing):
			continue // a member that Traefik does not have
		case err != nil:
			return err
		}
		var balancer struct{ HealthCheck, PassiveHealthCheck json.RawMessage }
		_ = json.Unmarshal(o["loadBalancer"], &balancer) // another type of service has none
		if balancer.HealthCheck == nil && balancer.PassiveHealthCheck == nil {
			continue
		}
		var servers map[string]string
		if err := json.Unmarshal(o["serverStatus"], &servers); err != nil {
			return fmt.Errorf("read health of %s: %w: %w", c.Name, actuator.ErrUnavailable, err)
		}
		well := false
		for _, status := range servers {
			well = well || status == "UP"
		}
		g.healthy[i] = &well
	}
	return nil
}
