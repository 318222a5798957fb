package caddy

import (
	"encoding/json"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// group marks the routes that are ours, and mark is what their @id begins with;
// the action's id follows.
const (
	group = "slo-engine"
	mark  = "slo-engine:"
)

// closing is a route that answers by itself: the value of a route.
type closing struct {
	Group   string           `json:"group,omitempty"`
	Matches json.RawMessage  `json:"match,omitempty"`
	Handle  []map[string]any `json:"handle"`
}

// answers reports whether a route does nothing but answer by itself.
func answers(one map[string]json.RawMessage) bool {
	var handle []struct{ Handler string }
	return json.Unmarshal(one["handle"], &handle) == nil && len(handle) == 1 && handle[0].Handler == "static_response"
}

// closed is the value of the route when it answers a status.
func (r *route) closed(status int) (actuator.Value, error) {
	c := closing{Group: group, Handle: []map[string]any{{"handler": "static_response", "status_code": status}}}
	if !actuator.Same(r.matches, actuator.Absent) {
		c.Matches = r.matches
	}
	return actuator.Canonical(c)
}

// signed is a value as it is written: what is ours gets the action's id.
func signed(action string, v actuator.Value) (json.RawMessage, error) {
	if actuator.Same(v, actuator.Absent) {
		return nil, nil
	}
	var one map[string]json.RawMessage
	if err := json.Unmarshal(v, &one); err != nil || !identity.MatchString(mark+action) {
		return nil, fmt.Errorf("write route: %w: %s of action %q is no route", actuator.ErrRefused, v, action)
	}
	if string(one["group"]) == `"`+group+`"` {
		one["@id"] = json.RawMessage(`"` + mark + action + `"`)
	}
	return actuator.Canonical(one)
}
