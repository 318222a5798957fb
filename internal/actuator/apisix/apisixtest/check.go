package apisixtest

import (
	"fmt"
	"math"
	"regexp"
	"strings"
)

var (
	ids    = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)
	labels = regexp.MustCompile(`^\S{1,256}$`)
)

// check refuses what the schemas of APISIX refuse, as far as adapters may write
// it, and fills in defaults.
func check(path string, value Object) error {
	if id, _ := value["id"].(string); !ids.MatchString(id) {
		return fmt.Errorf(`property "id" validation failed`)
	}
	if strings.HasPrefix(path, "/upstreams/") {
		return checkUpstream(value)
	}
	if value["uri"] == nil && value["uris"] == nil {
		return fmt.Errorf(`property "uri" is required`)
	}
	if value["upstream"] == nil && value["upstream_id"] == nil && value["plugins"] == nil {
		return fmt.Errorf("object matches none of the required")
	}
	defaults(value, Object{"status": 1., "priority": 0.})
	marks, _ := value["labels"].(Object)
	for key, text := range marks {
		if text, ok := text.(string); !ok || !labels.MatchString(text) {
			return fmt.Errorf(`property "labels" validation failed: %s`, key)
		}
	}
	plugins, _ := value["plugins"].(Object)
	for name, conf := range plugins {
		conf, ok := conf.(Object)
		if !ok {
			return fmt.Errorf("invalid plugin conf of %s", name)
		}
		if err := checkPlugin(name, conf); err != nil {
			return fmt.Errorf("failed to check the configuration of plugin %s err: %w", name, err)
		}
	}
	return nil
}

func defaults(value, missing Object) {
	for key, v := range missing {
		if value[key] == nil {
			value[key] = v
		}
	}
}

// number is a whole one that is not below a least one.
func number(v any, least float64) bool {
	n, ok := v.(float64)
	return ok && n >= least && n == math.Trunc(n)
}

func checkUpstream(value Object) error {
	defaults(value, Object{"type": "roundrobin", "scheme": "http", "pass_host": "pass", "hash_on": "vars"})
	switch nodes := value["nodes"].(type) {
	case Object:
		for name, weight := range nodes {
			if !number(weight, 0) {
				return fmt.Errorf(`property "nodes" validation failed: %s`, name)
			}
		}
	case []any:
		for _, one := range nodes {
			one, _ := one.(Object)
			if one["host"] == nil || !number(one["weight"], 0) {
				return fmt.Errorf(`property "nodes" validation failed`)
			}
			defaults(one, Object{"priority": 0.})
		}
	default:
		if value["service_name"] == nil {
			return fmt.Errorf("value should match only one schema, but matches none")
		}
	}
	return nil
}

// checkPlugin knows the plugins that matter here.
func checkPlugin(name string, conf Object) error {
	switch name {
	case "fault-injection":
		abort, _ := conf["abort"].(Object)
		if !number(abort["http_status"], 200) {
			return fmt.Errorf(`property "abort" validation failed`)
		}
	case "limit-count":
		if !number(conf["count"], 1) || !number(conf["time_window"], 1) {
			return fmt.Errorf(`property "count" or "time_window" validation failed`)
		}
		defaults(conf, Object{
			"key": "remote_addr", "key_type": "var", "policy": "local", "rejected_code": 503.,
			"allow_degradation": false, "show_limit_quota_header": true,
		})
	case "api-breaker":
		if !number(conf["break_response_code"], 200) {
			return fmt.Errorf(`property "break_response_code" is required`)
		}
		defaults(conf, Object{"max_breaker_sec": 300.})
	case "traffic-split":
		if rules, _ := conf["rules"].([]any); len(rules) == 0 {
			return fmt.Errorf(`property "rules" validation failed`)
		}
	case "key-auth":
	default:
		return fmt.Errorf("unknown plugin [%s]", name)
	}
	return nil
}
