package kongtest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// ref names another entity.
type ref struct {
	ID string `json:"id"`
}

type upstream struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Algorithm string `json:"algorithm"`
	Checked   bool   `json:"-"`
}

type target struct {
	ID       string   `json:"id"`
	Target   string   `json:"target"`
	Weight   int      `json:"weight"`
	Upstream ref      `json:"upstream"`
	Tags     []string `json:"tags"`
	Created  float64  `json:"created_at"`
	Updated  float64  `json:"updated_at"`
}

type service struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Host string `json:"host"`
}

type route struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Service ref    `json:"service"`
}

type plugin struct {
	ID       string         `json:"id"`
	Name     string         `json:"name"`
	Route    *ref           `json:"route"`
	Service  *ref           `json:"service"`
	Consumer *ref           `json:"consumer"`
	Enabled  bool           `json:"enabled"`
	Config   map[string]any `json:"config"`
	Tags     []string       `json:"tags"`
	Created  float64        `json:"created_at"`
	Updated  float64        `json:"updated_at"`
}

// key is what there is one plugin for.
func (p plugin) key() string {
	id := func(r *ref) string {
		if r == nil {
			return "-"
		}
		return r.ID
	}
	return p.Name + " " + id(p.Route) + " " + id(p.Service) + " " + id(p.Consumer)
}

// defaults are the settings of the plugins that are known, as they are when
// nothing is said.
var defaults = map[string]map[string]any{
	"rate-limiting": {
		"second": nil, "minute": nil, "hour": nil, "day": nil, "month": nil, "year": nil,
		"limit_by": "consumer", "policy": "local", "fault_tolerant": true, "hide_client_headers": false,
		"error_code": 429., "error_message": "API rate limit exceeded", "header_name": nil, "path": nil,
	},
	"request-termination": {
		"status_code": 503., "message": nil, "content_type": nil, "body": nil, "trigger": nil, "echo": false,
	},
}

var periods = []string{"second", "minute", "hour", "day", "month", "year"}

// words are those that a setting may have.
var words = map[string][]string{
	"limit_by": {"consumer", "credential", "ip", "service", "header", "path"},
	"policy":   {"local", "cluster", "redis"},
}

// merged is config over what is there, or over the defaults.
func merged(over, config map[string]any) map[string]any {
	all := maps.Clone(over)
	maps.Copy(all, config)
	return all
}

// invalid is what the schema has against a plugin; nil: nothing.
func (p plugin) invalid() error {
	known, there := defaults[p.Name]
	if !there {
		return fmt.Errorf("plugin '%s' not enabled; add it to the 'plugins' configuration property", p.Name)
	}
	for key, value := range p.Config {
		if _, there := known[key]; !there {
			return fmt.Errorf("config.%s: unknown field", key)
		}
		if text, is := value.(string); words[key] != nil && (!is || !slices.Contains(words[key], text)) {
			return fmt.Errorf("config.%s: expected one of: %s", key, strings.Join(words[key], ", "))
		}
	}
	for _, tag := range p.Tags {
		if tag == "" || strings.ContainsAny(tag, ",/") {
			return fmt.Errorf("tags: invalid tag '%s'", tag)
		}
	}
	if p.Name == "rate-limiting" {
		return limits(p.Config)
	}
	status, is := p.Config["status_code"].(float64)
	if !is || status != math.Trunc(status) || status < 100 || status > 599 {
		return fmt.Errorf("config.status_code: value should be between 100 and 599")
	}
	if p.Config["message"] != nil && (p.Config["body"] != nil || p.Config["content_type"] != nil) {
		return fmt.Errorf("config: message cannot be used with content_type or body")
	}
	return nil
}

// limits must be there, above 0, and not smaller for a longer period.
func limits(config map[string]any) error {
	before, of, n := 0., "", 0
	for _, period := range periods {
		if config[period] == nil {
			continue
		}
		limit, is := config[period].(float64)
		switch {
		case !is || limit <= 0:
			return fmt.Errorf("config.%s: value must be greater than 0", period)
		case limit < before:
			return fmt.Errorf("config: The limit for %s(%v) cannot be lower than the limit for %s(%v)", period, limit, of, before)
		}
		before, of = limit, period
		n++
	}
	if n == 0 {
		return fmt.Errorf("config: at least one of these fields must be non-empty: 'config.second', 'config.minute', 'config.hour', 'config.day', 'config.month', 'config.year'")
	}
	return nil
}
