package traefik

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

const (
	maxAnswer = 1 << 20 // bytes that Traefik may answer to one call
	maxShown  = 500     // bytes that are kept of an answer for people
	maxPages  = 100     // of a list
)

// object is something in Traefik's configuration, as its API shows it.
type object map[string]json.RawMessage

// text is a field that is a text; empty where it is not.
func (o object) text(field string) (s string) {
	_ = json.Unmarshal(o[field], &s)
	return s
}

// texts is a field that is a list of texts.
func (o object) texts(field string) (list []string) {
	_ = json.Unmarshal(o[field], &list)
	return list
}

// The lists of the API.
const (
	routers     = "routers"
	services    = "services"
	middlewares = "middlewares"
)

// list is what a node has of one kind, by name. Search is a part of names.
func (a *Actuator) list(ctx context.Context, node, kind, search string) (map[string]object, error) {
	all := map[string]object{}
	page := "1"
	for range maxPages {
		query := url.Values{"per_page": {"500"}, "page": {page}}
		if search != "" {
			query.Set("search", search)
		}
		got, err := a.ask(ctx, node, "/api/http/"+kind+"?"+query.Encode())
		if err != nil {
			return nil, err
		}
		var some []object
		if err := json.Unmarshal(got.body, &some); err != nil {
			return nil, fmt.Errorf("read %s of %s: %w: %w", kind, node, actuator.ErrUnavailable, err)
		}
		for _, one := range some {
			all[one.text("name")] = one
		}
		if page = got.next; page == "" || page == "1" { // which comes after the last one
			return all, nil
		}
	}
	return nil, fmt.Errorf("read %s of %s: %w: there are more than %d pages", kind, node, actuator.ErrUnavailable, maxPages)
}

// one is what a node has under a name. A node that has just started has nothing
// of a provider yet: there nothing is missing.
func (a *Actuator) one(ctx context.Context, node, kind, name string) (o object, err error) {
	got, err := a.ask(ctx, node, "/api/http/"+kind+"/"+url.PathEscape(name))
	if errors.Is(err, actuator.ErrMissing) {
		provider := name[strings.LastIndex(name, "@"):]
		if others, e := a.list(ctx, node, services, provider); e != nil || len(others) == 0 {
			return nil, fmt.Errorf("ask %s for %s: %w: it has nothing of %s yet", node, name, actuator.ErrUnavailable, provider)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(got.body, &o); err != nil || o == nil {
		return nil, fmt.Errorf("read %s %s of %s: %w: it says %.100q", kind, name, node, actuator.ErrUnavailable, got.body)
	}
	return o, nil
}

// answer is what a node said.
type answer struct {
	next string // page
	body []byte
}

// ask makes one call. Nothing is changed over the API.
func (a *Actuator) ask(ctx context.Context, node, path string) (got answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(node, "/")+path, nil)
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	password, err := a.c.password()
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	if password != "" {
		req.SetBasicAuth(a.c.User, password)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	defer resp.Body.Close()
	got.next = resp.Header.Get("X-Next-Page")
	got.body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(got.body) > maxAnswer {
		err = errors.New("it answers more than 1 MiB")
	}
	if err != nil {
		return got, fmt.Errorf("ask %s: %w: %w", node, actuator.ErrUnavailable, err)
	}
	return got, judge(node, path, resp.StatusCode, got.body)
}

// judge is what the status of an answer means.
func judge(node, path string, status int, body []byte) error {
	kind := actuator.ErrUnavailable
	switch status {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		if strings.Contains(string(body), " not found: ") { // as Traefik says it of a name
			kind = actuator.ErrMissing
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		kind = actuator.ErrRefused
	}
	return fmt.Errorf("ask %s for %s: %w: %d %s %.*s", node, path, kind, status, http.StatusText(status), maxShown, strings.TrimSpace(string(body)))
}

// anyNode asks one node after the other until one answers: all have the same.
func anyNode[T any](a *Actuator, question func(node string) (T, error)) (got T, err error) {
	var troubles []error
	for _, node := range a.c.API {
		if got, err = question(node); err == nil || !errors.Is(err, actuator.ErrUnavailable) {
			return got, err
		}
		troubles = append(troubles, err)
	}
	return got, errors.Join(troubles...)
}
