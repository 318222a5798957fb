package kong

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Plugins that actions change.
const (
	limiter    = "rate-limiting"
	terminator = "request-termination"
)

// mark is the tag on what an action adds, before the action's id.
const mark = "slo-action:"

// ours are the settings of a plugin that actions change: those that its value
// has, where they are set.
var ours = map[string][]string{
	limiter:    append([]string{"limit_by", "policy"}, periods...),
	terminator: {"status_code", "trigger"},
}

// settings are some of a plugin's.
type settings map[string]any

// pluginValue is the value of a plugin that is there.
type pluginValue struct {
	ID      string   `json:"id"`
	Enabled bool     `json:"enabled"`
	Config  settings `json:"config"`
}

// pluginTarget is the plugin of a name that stands at a route or service, for
// all consumers: Kong allows one.
type pluginTarget struct {
	a           *Actuator
	plugin      string // its name
	scope, name string // route or service, and which one
	id          string // of that; known after a read
}

func (t *pluginTarget) String() string {
	return "plugin " + t.plugin + " " + t.scope + " " + t.name
}

// ref names another entity.
type ref struct{ ID string }

// plugin is one as Kong tells of it.
type plugin struct {
	pluginValue
	Name                     string
	Route, Service, Consumer *ref
	Group                    *ref `json:"consumer_group"`
	Tags                     []string
	Created                  float64 `json:"created_at"` // seconds
	Updated                  float64 `json:"updated_at"` // 0: Kong is too old to say
}

// is reports whether a plugin is the target's.
func (t *pluginTarget) is(p plugin) bool {
	other := p.Service
	if t.scope == "service" {
		other = p.Route
	}
	return p.Name == t.plugin && other == nil && p.Consumer == nil && p.Group == nil
}

func (t *pluginTarget) read(ctx context.Context) (l actuator.Live, err error) {
	where := "/" + t.scope + "s/" + url.PathEscape(t.name)
	var at ref
	if _, err := t.a.get(ctx, t.a.c.URL, where, &at); err != nil {
		return l, err
	}
	t.id = at.ID
	all, said, err := list[plugin](ctx, t.a, t.a.c.URL, where+"/plugins")
	if err != nil {
		return l, err
	}
	i := slices.IndexFunc(all, t.is)
	if i < 0 {
		return actuator.Live{Value: actuator.Absent}, nil
	}
	p := all[i]
	maps.DeleteFunc(p.Config, func(key string, value any) bool {
		return value == nil || !slices.Contains(ours[t.plugin], key)
	})
	l.Value, err = actuator.Canonical(p.pluginValue)
	l.Owner = owner(p.Tags)
	l.Unsettled = t.a.spreading(ctx, cmp.Or(p.Updated, p.Created), said.date)
	return l, err
}

// owner is the action that added a plugin; empty: none did.
func owner(tags []string) string {
	for _, tag := range tags {
		if id, marked := strings.CutPrefix(tag, mark); marked {
			return id
		}
	}
	return ""
}

// spreading says that workers may not have what was changed lately, by Kong's
// own clock.
func (a *Actuator) spreading(ctx context.Context, changed float64, now time.Time) []string {
	if now.IsZero() || now.Sub(time.UnixMilli(int64(changed*1000))) >= a.about(ctx).lag() {
		return nil
	}
	return []string{"workers"}
}

// requests create, change or remove the plugin.
func (t *pluginTarget) requests(action string, from, to actuator.Value) ([]request, error) {
	var f, w *pluginValue
	for value, into := range map[*actuator.Value]**pluginValue{&from: &f, &to: &w} {
		if err := json.Unmarshal(*value, into); err != nil {
			return nil, fmt.Errorf("set %s: %w: %w", t, actuator.ErrRefused, err)
		}
	}
	for _, v := range []*pluginValue{f, w} {
		if v != nil && uuid.Validate(v.ID) != nil {
			return nil, fmt.Errorf("set %s: %w: %q is not a plugin's id", t, actuator.ErrRefused, v.ID)
		}
	}
	switch {
	case f == nil && w == nil:
		return nil, nil
	case f == nil:
		return t.create(action, w)
	case w == nil:
		return []request{{method: http.MethodDelete, path: "/plugins/" + f.ID}}, nil
	case f.ID != w.ID:
		return nil, fmt.Errorf("set %s: %w: it is another plugin now", t, actuator.ErrRefused)
	}
	return t.change(f, w)
}

// create adds it under the id that was planned, so that a second time changes
// nothing.
func (t *pluginTarget) create(action string, w *pluginValue) ([]request, error) {
	body, err := actuator.Canonical(map[string]any{
		"name": t.plugin, t.scope: map[string]string{"id": t.id}, "enabled": w.Enabled, "config": w.Config,
		"tags": []string{mark + action},
	})
	return []request{{method: http.MethodPut, path: "/plugins/" + w.ID, body: body}}, err
}

// change sets what differs. Kong merges it with what is there.
func (t *pluginTarget) change(f, w *pluginValue) ([]request, error) {
	differ := settings{}
	for _, key := range ours[t.plugin] {
		if !reflect.DeepEqual(f.Config[key], w.Config[key]) {
			differ[key] = w.Config[key] // nil: it is taken away
		}
	}
	change := map[string]any{}
	if len(differ) > 0 {
		change["config"] = differ
	}
	if f.Enabled != w.Enabled {
		change["enabled"] = w.Enabled
	}
	body, err := actuator.Canonical(change)
	return []request{{method: http.MethodPatch, path: "/plugins/" + w.ID, body: body}}, err
}

// idOf is the id of what an action adds at a target: always the same.
func idOf(action string, t *pluginTarget) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(mark+action+" "+t.String())).String()
}
