package kongtest

import (
	"net"
	"net/http"

	"github.com/google/uuid"
)

func (c *call) find() (upstream, error) {
	for _, u := range c.db.Upstreams {
		if name := c.r.PathValue("u"); u.ID == name || u.Name == name {
			return u, nil
		}
	}
	return upstream{}, notFound
}

func (c *call) upstream() (int, any, error) {
	u, err := c.find()
	return http.StatusOK, u, err
}

// of are an upstream's targets in a database.
func (d database) of(u upstream) (rows []target) {
	for _, t := range d.Targets {
		if t.Upstream.ID == u.ID {
			rows = append(rows, t)
		}
	}
	return rows
}

func (c *call) targets() (int, any, error) {
	u, err := c.find()
	if err != nil {
		return 0, nil, err
	}
	return page(c.db.of(u), func(t target) string { return t.Target })
}

// health is what this node's balancer has.
func (c *call) health() (int, any, error) {
	type weight struct {
		Weight int `json:"nodeWeight"`
	}
	type row struct {
		target
		Health string  `json:"health"`
		Data   *weight `json:"data,omitempty"`
	}
	u, err := c.find()
	if err != nil {
		return 0, nil, err
	}
	balanced := map[string]int{}
	for _, t := range c.live.of(u) {
		balanced[t.Target] = t.Weight
	}
	var rows []row
	for _, t := range c.db.of(u) {
		one := row{target: t, Health: "DNS_ERROR"}
		if w, there := balanced[t.Target]; there {
			one.Data, one.Health = &weight{w}, c.says(u, t.Target, w)
		}
		rows = append(rows, one)
	}
	status, answer, err := page(rows, func(r row) string { return r.Target })
	answer.(map[string]any)["node_id"] = c.id
	return status, answer, err
}

// says is the health of a target.
func (n *node) says(u upstream, target string, weight int) string {
	switch {
	case !u.Checked || weight == 0:
		return "HEALTHCHECKS_OFF"
	case n.down[target]:
		return "UNHEALTHY"
	}
	return "HEALTHY"
}

// target is the one that is named.
func (c *call) target() (target, error) {
	u, err := c.find()
	if err != nil {
		return target{}, err
	}
	for _, t := range c.db.of(u) {
		if name := c.r.PathValue("t"); t.ID == name || t.Target == name {
			return t, nil
		}
	}
	return target{}, notFound
}

// settings are what can be said of a target.
type settings struct {
	Target string   `json:"target"`
	Weight *int     `json:"weight"`
	Tags   []string `json:"tags"`
}

func (s settings) invalid() error {
	if s.Weight != nil && (*s.Weight < 0 || *s.Weight > 65535) {
		return failure{http.StatusBadRequest, "schema violation (weight: value should be between 0 and 65535)"}
	}
	return nil
}

func (c *call) addTarget() (int, any, error) {
	u, err := c.find()
	if err != nil {
		return 0, nil, err
	}
	var s settings
	if err := c.into(&s); err != nil {
		return 0, nil, err
	}
	if _, _, err := net.SplitHostPort(s.Target); err != nil {
		return 0, nil, failure{http.StatusBadRequest, "schema violation (target: Invalid target)"}
	}
	for _, t := range c.db.of(u) {
		if t.Target == s.Target {
			return 0, nil, failure{http.StatusConflict, "UNIQUE violation detected on '{target,upstream}'"}
		}
	}
	t := target{ID: uuid.NewString(), Target: s.Target, Weight: 100, Upstream: ref{u.ID}, Created: c.kong.stamp()}
	return c.store(t, s, http.StatusCreated)
}

func (c *call) setTarget() (int, any, error) {
	t, err := c.target()
	if err != nil {
		return 0, nil, err
	}
	var s settings
	if err := c.into(&s); err != nil {
		return 0, nil, err
	}
	return c.store(t, s, http.StatusOK)
}

func (c *call) store(t target, s settings, status int) (int, any, error) {
	if err := s.invalid(); err != nil {
		return 0, nil, err
	}
	if s.Weight != nil {
		t.Weight = *s.Weight
	}
	if s.Tags != nil {
		t.Tags = s.Tags
	}
	t.Updated = c.kong.stamp()
	c.db.Targets[t.ID] = t
	return status, t, nil
}

func (c *call) removeTarget() (int, any, error) {
	t, err := c.target()
	if err != nil {
		return 0, nil, err
	}
	delete(c.db.Targets, t.ID)
	return http.StatusNoContent, nil, nil
}

// markTarget is told to all nodes, which hear of it when they look at the database,
// and keep it in memory.
func (c *call) markTarget() (int, any, error) {
	health := c.r.PathValue("health")
	t, err := c.target()
	switch {
	case err != nil:
		return 0, nil, err
	case health != "healthy" && health != "unhealthy":
		return 0, nil, notFound
	}
	for _, n := range c.kong.nodes {
		n.told[t.Target] = health == "unhealthy"
	}
	c.hears()
	return http.StatusNoContent, nil, nil
}

// hears takes over what was marked.
func (n *node) hears() {
	for target, down := range n.told {
		delete(n.down, target)
		if down {
			n.down[target] = true
		}
	}
	clear(n.told)
}
