package traefik

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// overlay is what an action adds, as the http part of a dynamic configuration.
type overlay struct {
	Routers     map[string]map[string]any `json:"routers,omitempty"`
	Services    map[string]map[string]any `json:"services,omitempty"`
	Middlewares map[string]map[string]any `json:"middlewares,omitempty"`
}

// prefix is what names of ours begin with.
const prefix = "slo-"

var odd = regexp.MustCompile(`[^a-z0-9]+`)

// nameOf is what everything in a target's overlay is called, before a number: as
// readable as it can be, and not the same for two targets.
func nameOf(target string) string {
	readable := strings.Trim(odd.ReplaceAllString(strings.ToLower(target), "-"), "-")
	hash := sha256.Sum256([]byte(target))
	return prefix + readable[:min(40, len(readable))] + "-" + hex.EncodeToString(hash[:4])
}

// copied are the fields of a router that one like it has, too.
var copied = []string{"entryPoints", "rule", "ruleSyntax", "tls", "observability"}

// above is a router like another one that comes before it.
func above(r object) (map[string]any, error) {
	name, provider := r.text("name"), r.text("provider")
	priority, err := priorityOf(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("put a router above %s: %w: %w", name, actuator.ErrRefused, err)
	case r.text("service") == "" || len(r.texts("parentRefs")) > 0:
		return nil, fmt.Errorf("put a router above %s: %w: it is a part of several routers in layers", name, actuator.ErrUnsupported)
	}
	like := map[string]any{"priority": priority + 1, "service": with(r.text("service"), provider)}
	for _, field := range copied {
		var value any
		if err := decode(r[field], &value); err == nil && value != nil {
			like[field] = value
		}
	}
	if tls, ok := like["tls"].(map[string]any); ok {
		if options, _ := tls["options"].(string); options != "" && options != "default" {
			tls["options"] = with(options, provider)
		}
	}
	var list []any
	for _, m := range r.texts("middlewares") {
		list = append(list, with(m, provider))
	}
	if list != nil {
		like["middlewares"] = list
	}
	return like, nil
}

// decode keeps the digits of numbers.
func decode(raw json.RawMessage, into any) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	return d.Decode(into)
}

// priorityOf is a router's; Traefik computes it from the rule where none is said,
// and keeps the highest thousand for itself.
func priorityOf(r object) (int, error) {
	var n json.Number
	if err := json.Unmarshal(r["priority"], &n); err != nil && r["priority"] != nil {
		return 0, err
	}
	priority, err := strconv.Atoi(n.String())
	switch {
	case n == "" || priority == 0 && err == nil:
		return len(r.text("rule")), nil
	case err == nil && priority >= math.MaxInt-1000:
		err = fmt.Errorf("its priority is %d: there is none above", priority)
	}
	return priority, err
}

// shifted is an overlay over the routers that lead to a group, with other weights
// for its members.
func (g *group) shifted(name, provider string, leading []object, set []int) (*overlay, error) {
	var list []any
	for i, c := range g.children {
		list = append(list, map[string]any{"name": c.Name, "weight": set[i]})
	}
	weighted := map[string]any{}
	for field, raw := range g.settings {
		var value any
		if err := decode(raw, &value); err == nil && value != nil {
			weighted[field] = value
		}
	}
	weighted["services"] = list
	o := &overlay{Routers: map[string]map[string]any{}, Services: map[string]map[string]any{name + "-0": {"weighted": weighted}}}
	return o, o.over(name, leading, func(like map[string]any) { like["service"] = name + "-0@" + provider })
}

// guarded is an overlay over routers with a middleware before everything else.
func guarded(name, provider string, routers []object, middleware map[string]any, alone bool) (*overlay, error) {
	o := &overlay{Routers: map[string]map[string]any{}, Middlewares: map[string]map[string]any{name + "-0": middleware}}
	first := name + "-0@" + provider
	return o, o.over(name, routers, func(like map[string]any) {
		others, _ := like["middlewares"].([]any)
		if alone { // nothing comes after it
			others = nil
		}
		like["middlewares"] = append([]any{first}, others...)
	})
}

// over adds a router above each of some, by name.
func (o *overlay) over(name string, routers []object, change func(like map[string]any)) error {
	slices.SortFunc(routers, func(x, y object) int { return strings.Compare(x.text("name"), y.text("name")) })
	for i, r := range routers {
		like, err := above(r)
		if err != nil {
			return err
		}
		change(like)
		o.Routers[name+"-"+strconv.Itoa(i)] = like
	}
	return nil
}

// closed is a middleware that lets nobody in: nobody comes from the address that
// is everybody's.
func closed(status int) map[string]any {
	return map[string]any{"ipAllowList": map[string]any{"sourceRange": []any{"255.255.255.255/32"}, "rejectStatusCode": status}}
}

// limited is a middleware that lets so many in, whoever they are: requests are
// counted by the host they ask for, as a router's are all of one host mostly.
func limited(perSecond float64) (map[string]any, error) {
	for _, p := range []struct {
		name    string
		seconds float64
	}{{"1s", 1}, {"1m", 60}, {"1h", 3600}} {
		average := perSecond * p.seconds
		if average >= 1 && average <= 1e9 && math.Abs(average-math.Round(average)) < 1e-6 {
			return map[string]any{"rateLimit": map[string]any{
				"average": int(math.Round(average)), "period": p.name, "burst": int(max(1, math.Ceil(perSecond))),
				"sourceCriterion": map[string]any{"requestHost": true},
			}}, nil
		}
	}
	return nil, fmt.Errorf("plan rate limit: %w: %v requests a second: Traefik counts whole ones in a second, a minute or an hour", actuator.ErrRefused, perSecond)
}
