package apisix

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/members"
)

// split is the part of an object that spreads traffic over members.
type split struct {
	part string // its path in the object
	set  members.Set
	// with is that part with other weights.
	with func(members.Set) ([]byte, error)
}

// readSplit finds it.
func readSplit(o object, value document) (split, error) {
	if o.kind == "route" {
		return trafficSplit(value)
	}
	var kind string
	if err := json.Unmarshal(value["type"], &kind); err == nil && kind == "ewma" {
		return split{}, fmt.Errorf("%w: balancer ewma looks at no weights", actuator.ErrUnsupported)
	}
	raw, there := value["nodes"]
	if !there {
		return split{}, fmt.Errorf("%w: its nodes come from service discovery, which has their weights", actuator.ErrUnsupported)
	}
	var set members.Set
	if err := json.Unmarshal(raw, &set); err == nil {
		return split{"/nodes", set, func(s members.Set) ([]byte, error) { return json.Marshal(s) }}, nil
	}
	return nodeList(raw)
}

// nodeList is the other way to write nodes.
func nodeList(raw []byte) (split, error) {
	var nodes []document
	if err := json.Unmarshal(raw, &nodes); err != nil {
		return split{}, fmt.Errorf("%w: its nodes are %.200s", actuator.ErrRefused, raw)
	}
	names, priorities := make([]string, len(nodes)), map[int]bool{}
	for i, n := range nodes {
		raw, err := json.Marshal(n)
		if err != nil {
			return split{}, err
		}
		var about struct {
			Host           string
			Port, Priority int
		}
		if err := json.Unmarshal(raw, &about); err != nil {
			return split{}, fmt.Errorf("%w: one of its nodes is %.200s", actuator.ErrRefused, raw)
		}
		names[i] = about.Host
		if about.Port != 0 {
			names[i] = net.JoinHostPort(about.Host, strconv.Itoa(about.Port))
		}
		priorities[about.Priority] = true
	}
	if len(priorities) > 1 {
		return split{}, fmt.Errorf("%w: its nodes are of several priorities: the weights of some decide only when others are gone", actuator.ErrUnsupported)
	}
	return entries("/nodes", nodes, names, func(list []document) any { return list })
}

// trafficSplit is the plugin of that name.
func trafficSplit(value document) (split, error) {
	var plugins map[string]document
	const what = "it has no plugin traffic-split of one rule without match, over upstreams by their ids"
	var rules, list []document
	if json.Unmarshal(value["plugins"], &plugins) != nil || json.Unmarshal(plugins["traffic-split"]["rules"], &rules) != nil ||
		len(rules) != 1 || rules[0]["match"] != nil || json.Unmarshal(rules[0]["weighted_upstreams"], &list) != nil {
		return split{}, fmt.Errorf("%w: %s", actuator.ErrUnsupported, what)
	}
	names := make([]string, len(list))
	for i, one := range list {
		if one["upstream"] != nil { // it may hold the keys of certificates
			return split{}, fmt.Errorf("%w: %s", actuator.ErrUnsupported, what)
		}
		if names[i] = text(one["upstream_id"]); names[i] == "" { // the route's own
			names[i] = text(value["upstream_id"])
		}
		if names[i] == "" {
			names[i] = "route"
		}
	}
	plugin, rule := plugins["traffic-split"], rules[0]
	return entries("/plugins/traffic-split", list, names, func(list []document) any {
		rule := with(rule, "weighted_upstreams", list)
		return with(plugin, "rules", []any{rule})
	})
}

// entries is a split over a list of objects with a weight each; whole is the part
// that holds such a list.
func entries(part string, list []document, names []string, whole func([]document) any) (split, error) {
	set := members.Set{}
	for i, name := range names {
		weight := 1 // what APISIX takes where there is none
		if raw, there := list[i]["weight"]; there {
			if err := json.Unmarshal(raw, &weight); err != nil {
				return split{}, fmt.Errorf("%w: the weight of %s is %s", actuator.ErrRefused, name, raw)
			}
		}
		if _, twice := set[name]; twice {
			return split{}, fmt.Errorf("%w: %s is there twice", actuator.ErrRefused, name)
		}
		set[name] = weight
	}
	return split{part, set, func(s members.Set) ([]byte, error) {
		next := make([]document, len(list))
		for i, name := range names {
			next[i] = with(list[i], "weight", s[name])
		}
		return json.Marshal(whole(next))
	}}, nil
}

// with is a document with another field.
func with(d document, field string, value any) document {
	d = maps.Clone(d)
	d[field], _ = json.Marshal(value) // it was JSON, or is a number or a string
	return d
}

// text is a string, or a number as APISIX takes for ids; empty: it is neither.
func text(raw json.RawMessage) string {
	var s string
	var n json.Number
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}
