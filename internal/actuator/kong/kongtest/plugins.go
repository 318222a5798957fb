package kongtest

import (
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// plugins are those of a route or service.
func (c *call) plugins() (int, any, error) {
	_, at, err := c.owner()
	if err != nil {
		return 0, nil, err
	}
	var rows []plugin
	for _, p := range c.db.Plugins {
		switch at := at.(type) {
		case route:
			if p.Route != nil && p.Route.ID == at.ID {
				rows = append(rows, p)
			}
		case service:
			if p.Service != nil && p.Service.ID == at.ID {
				rows = append(rows, p)
			}
		}
	}
	return page(rows, func(p plugin) string { return p.ID })
}

// owner is a route or service, by name or id.
func (c *call) owner() (int, any, error) {
	name := c.r.PathValue("name")
	if strings.HasPrefix(c.r.URL.Path, "/routes/") {
		for _, r := range c.db.Routes {
			if r.ID == name || r.Name == name {
				return http.StatusOK, r, nil
			}
		}
		return 0, nil, notFound
	}
	for _, s := range c.db.Services {
		if s.ID == name || s.Name == name {
			return http.StatusOK, s, nil
		}
	}
	return 0, nil, notFound
}

func (c *call) plugin() (int, any, error) {
	p, there := c.db.Plugins[c.r.PathValue("id")]
	if !there {
		return 0, nil, notFound
	}
	return http.StatusOK, p, nil
}

// putPlugin creates one, or replaces it.
func (c *call) putPlugin() (int, any, error) {
	p := plugin{Enabled: true}
	if err := c.into(&p); err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if p.ID = c.r.PathValue("id"); c.r.Method == http.MethodPost {
		p.ID, status = uuid.NewString(), http.StatusCreated
	}
	p.Config = merged(defaults[p.Name], p.Config)
	p.Created = c.kong.stamp()
	if old, there := c.db.Plugins[p.ID]; there {
		p.Created = old.Created
	}
	return c.keep(p, status)
}

// patchPlugin sets what is said, and nothing else.
func (c *call) patchPlugin() (int, any, error) {
	p, there := c.db.Plugins[c.r.PathValue("id")]
	if !there {
		return 0, nil, notFound
	}
	before := p.Config
	p.Config = nil
	if err := c.into(&p); err != nil {
		return 0, nil, err
	}
	p.ID, p.Config = c.r.PathValue("id"), merged(before, p.Config)
	return c.keep(p, http.StatusOK)
}

// keep writes a plugin, unless the schema or another one is against it.
func (c *call) keep(p plugin, status int) (int, any, error) {
	if uuid.Validate(p.ID) != nil {
		return 0, nil, failure{http.StatusBadRequest, "schema violation (id: expected a valid UUID)"}
	}
	if err := p.invalid(); err != nil {
		return 0, nil, failure{http.StatusBadRequest, "schema violation (" + err.Error() + ")"}
	}
	_, routed := c.db.Routes[id(p.Route)]
	_, served := c.db.Services[id(p.Service)]
	if p.Route != nil && !routed || p.Service != nil && !served {
		return 0, nil, failure{http.StatusBadRequest, "the foreign key does not reference an existing entity"}
	}
	for _, other := range c.db.Plugins {
		if other.ID != p.ID && other.key() == p.key() {
			return 0, nil, failure{http.StatusConflict, "UNIQUE violation detected on '" + p.key() + "'"}
		}
	}
	p.Updated = c.kong.stamp()
	c.db.Plugins = maps.Clone(c.db.Plugins)
	c.db.Plugins[p.ID] = p
	return status, p, nil
}

func id(r *ref) string {
	if r == nil {
		return ""
	}
	return r.ID
}

func (c *call) removePlugin() (int, any, error) {
	delete(c.db.Plugins, c.r.PathValue("id"))
	return http.StatusNoContent, nil, nil
}
