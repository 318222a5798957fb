package caddy

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// route is one that can be closed, in a list as it is.
type route struct {
	list    part
	size    int             // of the list
	matches json.RawMessage // canonical; null: everything
	first   int             // where a closing one is put
	at      int             // where there is one; -1: nowhere
	live    actuator.Live
}

// byPath is a host, which may be empty, and a path as Caddy matches them.
var byPath = regexp.MustCompile(`^[^\s"/]*/[^\s"]*$`)

// readRoute finds a route by its @id, or what is named by host and path in a
// list.
func (a *Actuator) readRoute(ctx context.Context, list, name string) (*route, error) {
	r := &route{at: -1, live: actuator.Live{Value: actuator.Absent}}
	var err error
	if list == "" {
		list, err = a.listOf(ctx, name)
	} else {
		r.matches, err = matcher(name)
	}
	if err != nil {
		return nil, err
	}
	if r.list, err = a.get(ctx, list); err != nil {
		return nil, err
	}
	var routes []map[string]json.RawMessage
	if err := json.Unmarshal(r.list.body, &routes); err != nil || routes == nil {
		return nil, fmt.Errorf("read routes of %s: %w: %s is no list of routes", a.c.Name(), actuator.ErrMissing, list)
	}
	if r.matches == nil {
		err = r.find(routes, name)
	}
	if err == nil {
		err = r.look(routes)
	}
	return r, err
}

// listOf is the list that a route with an @id stands in.
func (a *Actuator) listOf(ctx context.Context, id string) (string, error) {
	at, err := a.get(ctx, id)
	if err != nil {
		return "", err
	}
	list, nth := path.Split(at.path)
	if _, err := strconv.Atoi(nth); err != nil || !strings.HasSuffix(list, "/routes/") {
		return "", fmt.Errorf("find route %s of %s: %w: it is %s, which is no route", id, a.c.Name(), actuator.ErrMissing, at.path)
	}
	return strings.TrimSuffix(list, "/"), nil
}

// matcher is what matches a host and a path.
func matcher(name string) (json.RawMessage, error) {
	host, path, _ := strings.Cut(name, "/")
	set := map[string][]string{"path": {"/" + path}}
	if host != "" {
		set["host"] = []string{host}
	}
	return actuator.Canonical([]any{set})
}

// find takes the matchers of the route with an @id, and its place.
func (r *route) find(routes []map[string]json.RawMessage, id string) (err error) {
	r.first = slices.IndexFunc(routes, func(one map[string]json.RawMessage) bool { return named(one) == id })
	if r.first < 0 {
		return fmt.Errorf("find route %s: %w: it is not there any more", id, actuator.ErrMissing)
	}
	r.matches, err = matchesOf(routes[r.first])
	return err
}

// named is a route's @id.
func named(one map[string]json.RawMessage) (id string) {
	_ = json.Unmarshal(one["@id"], &id) // another type than text is none of ours
	return id
}

func matchesOf(one map[string]json.RawMessage) (json.RawMessage, error) {
	if one["match"] == nil {
		return actuator.Absent, nil
	}
	return actuator.Canonical(one["match"])
}

// look finds a route with the same matchers that answers by itself, whoever has
// put it there.
func (r *route) look(routes []map[string]json.RawMessage) error {
	r.size, r.live.Version = len(routes), r.list.etag
	for i, one := range routes {
		matches, err := matchesOf(one)
		if err != nil || !actuator.Same(matches, r.matches) || !answers(one) {
			continue
		}
		if action, ours := strings.CutPrefix(named(one), mark); ours {
			r.live.Owner = action
			delete(one, "@id") // which changes with the action, and is no part of the value
		}
		r.at = i
		r.live.Value, err = actuator.Canonical(one)
		return err
	}
	return nil
}

// change is the one message that makes a value another one.
func (r *route) change(action string, from, to actuator.Value) (message, error) {
	body, err := signed(action, to)
	at := r.at
	if at < 0 {
		at = r.first // where it is once it is put there
	}
	place := r.list.path + "/" + strconv.Itoa(at)
	switch was, is := !actuator.Same(from, actuator.Absent), !actuator.Same(to, actuator.Absent); {
	case was && is:
		return message{"PATCH", place, body}, err
	case was:
		return message{"DELETE", place, nil}, err
	case r.size == 0:
		return message{"POST", r.list.path, body}, err // nothing can be put before the first
	}
	return message{"PUT", place, body}, err
}
