package apisix

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// rule is what is said of an overlay, and of the route below it: the value.
type rule struct {
	// Action laid it, and it Does such as "close:503". Empty: there is none.
	Action string `json:"action,omitempty"`
	Does   string `json:"does,omitempty"`
	// Route is a hash of the route below.
	Route string `json:"route"`
	// Changed is a hash of the overlay, where it is not what the action lays over
	// this route.
	Changed string `json:"changed,omitempty"`
}

func (r rule) value() (actuator.Value, error) { return actuator.Canonical(r) }

// Labels that an overlay has: what cannot be seen of it otherwise.
const (
	labelAction = "slo_action"
	labelDoes   = "slo_does"
	labelRoute  = "slo_route"
)

// clocks are the fields of objects that APISIX itself writes.
var clocks = []string{"create_time", "update_time"}

// hash is short, and the same for the same object.
func hash(d document) (string, error) {
	d = maps.Clone(d)
	for _, field := range clocks {
		delete(d, field)
	}
	text, err := actuator.Canonical(d)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// plugin is what does it. ErrRefused: nothing does.
func plugin(does string) (name string, conf any, err error) {
	what, number, _ := strings.Cut(does, ":")
	n, err := strconv.Atoi(number)
	switch {
	case err != nil:
	case what == "rate" && n > 0:
		return "limit-count", map[string]any{
			"count": n, "time_window": 1, "rejected_code": 429, "policy": "local", "key_type": "constant", "key": "slo-engine",
		}, nil
	case n < 200 || n > 599:
	case what == "close" || what == "breaker":
		return "fault-injection", map[string]any{"abort": map[string]any{"http_status": n}}, nil
	case what == "trip":
		return "api-breaker", map[string]any{
			"break_response_code": n, "max_breaker_sec": 60,
			"unhealthy": map[string]any{"http_statuses": []int{500, 502, 503, 504}, "failures": 3},
			"healthy":   map[string]any{"http_statuses": []int{200}, "successes": 3},
		}, nil
	}
	return "", nil, fmt.Errorf("%w: no overlay does %q", actuator.ErrRefused, does)
}

// compose is the overlay that an action lays over a route, and what of it is not
// the route's.
func compose(o object, route document, r rule) (whole, own document, err error) {
	name, conf, err := plugin(r.Does)
	if err != nil {
		return nil, nil, err
	}
	var plugins, labels document
	var priority int
	for field, into := range map[string]any{"plugins": &plugins, "labels": &labels, "priority": &priority} {
		if raw, there := route[field]; there && json.Unmarshal(raw, into) != nil {
			return nil, nil, fmt.Errorf("%w: the field %s of %s makes no sense", actuator.ErrRefused, field, o.target())
		}
	}
	own = with(document{}, "priority", priority+1)
	own = with(own, "desc", "slo-engine, action "+r.Action+", over route "+o.id)
	marks := map[string]string{labelAction: r.Action, labelDoes: r.Does, labelRoute: r.Route}
	own, whole = with(own, "labels", marks), maps.Clone(route)
	for _, field := range append([]string{"id"}, clocks...) {
		delete(whole, field)
	}
	maps.Copy(whole, own)
	whole = with(whole, "labels", with(with(with(orEmpty(labels), labelAction, r.Action), labelDoes, r.Does), labelRoute, r.Route))
	whole = with(whole, "plugins", with(orEmpty(plugins), name, conf))
	return whole, with(own, "plugins", map[string]any{name: conf}), nil
}

func orEmpty(d document) document {
	if d == nil {
		return document{}
	}
	return d
}

// readRule is what is said of a route and of its overlay; nil: there is none.
func readRule(o object, route, overlay document) (r rule, err error) {
	if r.Route, err = hash(route); err != nil || overlay == nil {
		return r, err
	}
	var labels map[string]string
	if raw, there := overlay["labels"]; there {
		_ = json.Unmarshal(raw, &labels) // others than strings are not ours
	}
	r.Action, r.Does = labels[labelAction], labels[labelDoes]
	want, _, err := compose(o, route, r)
	if err == nil && alike(overlay, want) {
		return r, nil
	}
	r.Changed, err = hash(overlay)
	return r, err
}

// alike reports whether an overlay is as it was laid: with all of it, and with no
// plugin or field beside it but those that APISIX adds.
func alike(overlay, laid document) bool {
	own := append([]string{"id", "status"}, clocks...)
	for field := range overlay {
		if _, there := laid[field]; !there && !slices.Contains(own, field) {
			return false
		}
	}
	var have, want document
	if json.Unmarshal(overlay["plugins"], &have) != nil || json.Unmarshal(laid["plugins"], &want) != nil {
		return false
	}
	return len(have) == len(want) && contains(overlay, laid)
}

// contains reports whether an object has all that another has: APISIX fills in
// what a plugin's configuration leaves out.
func contains(object, part document) bool {
	var have, want any
	for d, into := range map[*document]*any{&object: &have, &part: &want} {
		raw, err := json.Marshal(*d)
		if err != nil || json.Unmarshal(raw, into) != nil {
			return false
		}
	}
	return within(have, want)
}

func within(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		have, ok := have.(map[string]any)
		for key, value := range want {
			if h, there := have[key]; !there || !within(h, value) {
				return false
			}
		}
		return ok
	case []any:
		have, ok := have.([]any)
		if !ok || len(have) != len(want) {
			return false
		}
		for i := range want {
			if !within(have[i], want[i]) {
				return false
			}
		}
		return true
	}
	return have == want
}
