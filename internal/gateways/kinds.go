package gateways

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/apisix"
	"github.com/slo-engine/slo-engine/internal/actuator/caddy"
	"github.com/slo-engine/slo-engine/internal/actuator/etcd"
	"github.com/slo-engine/slo-engine/internal/actuator/haproxy"
	"github.com/slo-engine/slo-engine/internal/actuator/kong"
	"github.com/slo-engine/slo-engine/internal/actuator/sampling"
	"github.com/slo-engine/slo-engine/internal/actuator/traefik"
	"github.com/slo-engine/slo-engine/internal/actuator/tyk"
	"github.com/slo-engine/slo-engine/internal/actuator/webhook"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// kind is one kind of gateway. Its settings are those of a playbook.
type kind struct {
	// check decodes settings of a document, and says what is wrong with them.
	check func(slo.Settings) (actuator.Actuator, []slo.Problem)
	// open makes an actuator of settings as an action keeps them.
	open func(json.RawMessage, Options) (name string, a actuator.Actuator, err error)
}

// kinds are all of them, by the name in playbooks.
var kinds = map[string]kind{
	"apisix": of(func(c apisix.Config, o Options) (actuator.Actuator, error) {
		return apisix.New(c, apisix.Options{Logger: o.Logger})
	}),
	"caddy": of(func(c caddy.Config, o Options) (actuator.Actuator, error) {
		return caddy.New(c, caddy.Options{Logger: o.Logger})
	}),
	"etcd": of(func(c etcd.Config, o Options) (actuator.Actuator, error) {
		return etcd.New(c, etcd.Options{Logger: o.Logger})
	}),
	"haproxy": of(func(c haproxy.Config, o Options) (actuator.Actuator, error) {
		return haproxy.New(c, haproxy.Options{Logger: o.Logger})
	}),
	"kong": of(func(c kong.Config, o Options) (actuator.Actuator, error) {
		return kong.New(c, kong.Options{Logger: o.Logger})
	}),
	"sampling": of(func(c sampling.Config, o Options) (actuator.Actuator, error) {
		return sampling.New(c, sampling.Options{Leases: o.Leases, Usual: o.BurningShare})
	}),
	"traefik": of(func(c traefik.Config, o Options) (actuator.Actuator, error) {
		return traefik.New(c, traefik.Options{Logger: o.Logger})
	}),
	"tyk": of(func(c tyk.Config, o Options) (actuator.Actuator, error) {
		return tyk.New(c, tyk.Options{Logger: o.Logger})
	}),
	"webhook": of(func(c webhook.Config, o Options) (actuator.Actuator, error) {
		return webhook.New(c, webhook.Options{Logger: o.Logger})
	}),
}

// of is the kind whose settings are a C. Its error joins one for each field,
// which begins with the field's name.
func of[C interface{ Name() string }](build func(C, Options) (actuator.Actuator, error)) kind {
	return kind{
		check: func(s slo.Settings) (actuator.Actuator, []slo.Problem) {
			var c C
			if problems := s.Check(&c); len(problems) > 0 {
				return nil, problems
			}
			a, err := build(c, Options{})
			return a, problemsOf(err)
		},
		open: func(text json.RawMessage, o Options) (string, actuator.Actuator, error) {
			var c C
			// What was YAML stays YAML: "5s" is a duration there, and none in JSON.
			document, problem := strictyaml.ParseFile(text)
			if problem != nil {
				return "", nil, errors.New(problem.String())
			}
			if problems := document.Decode(&c); len(problems) > 0 {
				return "", nil, errors.New(problems[0].String())
			}
			a, err := build(c, o)
			return c.Name(), a, err
		},
	}
}

// problemsOf are the parts of a joined error, each "field: what is wrong".
func problemsOf(err error) (problems []slo.Problem) {
	if err == nil {
		return nil
	}
	parts := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		parts = joined.Unwrap()
	}
	for _, part := range parts {
		field, message, found := strings.Cut(part.Error(), ": ")
		if !found || strings.Contains(field, " ") {
			field, message = "", part.Error()
		}
		problems = append(problems, slo.Problem{Field: field, Message: message})
	}
	return problems
}

// Check looks for problems in an action of a playbook: a gateway that is not
// known, settings that it does not have, an action that it cannot do. Paths are
// those of the document, or within the gateway's settings: slo.Loader wants that.
func Check(r slo.Remedy) []slo.Problem {
	k, known := kinds[r.Gateway]
	if !known {
		return []slo.Problem{{
			Message: fmt.Sprintf("%q is no gateway that is known", r.Gateway),
			Fix:     "write one of " + strings.Join(Kinds(), ", "),
		}}
	}
	a, problems := k.check(r.Settings)
	if len(problems) > 0 {
		return problems
	}
	if what := actionKind(r); !slices.Contains(a.Guarantees().Kinds, what) {
		return []slo.Problem{{
			Field: r.Kind, Message: fmt.Sprintf("a %s cannot do this", r.Gateway),
			Fix: fmt.Sprintf("choose one of %v, or another gateway", a.Guarantees().Kinds),
		}}
	}
	return nil
}

// actionKind is what an actuator calls an action.
func actionKind(r slo.Remedy) actuator.Kind {
	if r.Kind == slo.RemedyRateLimit {
		return actuator.RateLimit
	}
	return actuator.Kind(r.Kind)
}

// Kinds are the names of all kinds, sorted.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }
