package tyk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// object is a JSON object.
type object = map[string]any

// document is an API's definition: all of it, with the digits of its numbers.
type document struct {
	all     object
	classic bool
}

// Names of parts. Those of operations have the operation's id behind them.
const (
	weighed  = "targets"           // OAS: of the load balancer, by URL
	repeated = "target_list"       // classic: each as often as it weighs
	limit    = "rateLimit"         // of the API, or of an operation
	ancient  = "global_rate_limit" // classic: of the API
	mock     = "mockResponse"      // of an operation
	fuse     = "circuitBreaker"    // of an operation
)

// extension is what is Tyk's in an OpenAPI description.
const extension = "x-tyk-api-gateway"

// parts are those of a definition that actions change: the value of an API.
type parts map[string]any

func (p parts) value() (actuator.Value, error) { return actuator.Canonical(p) }

// parse reads a definition, and sees that it is the one.
func (a *Actuator) parse(api string, text []byte) (d document, err error) {
	d.classic = a.c.Format == classic
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&d.all); err != nil {
		return d, fmt.Errorf("its answer is no definition: %w", err)
	}
	id, _ := get(d.all, extension, "info", "id").(string)
	if d.classic {
		id, _ = get(d.all, "api_id").(string)
	}
	if id != api {
		return d, fmt.Errorf("its answer is the definition of %q", id)
	}
	return d, nil
}

// parts are those that it has.
func (d document) parts() (p parts, err error) {
	p = parts{}
	keep := func(name string, value any) {
		if value = tidy(value); value != nil {
			p[name] = value
		}
	}
	if d.classic {
		keep(repeated, get(d.all, "proxy", repeated))
		keep(ancient, d.all[ancient])
		return p, nil
	}
	keep(limit, get(d.all, extension, "upstream", limit))
	operations, _ := get(d.all, extension, "middleware", "operations").(object)
	for id, operation := range operations {
		for _, part := range []string{limit, mock, fuse} {
			keep(part+" "+id, get(operation, part))
		}
	}
	w, err := d.weights()
	if w != nil {
		p[weighed] = w
	}
	return p, err
}

// targets is the list of the load balancer's, each with url and weight.
func (d document) targets() []any {
	balancer, _ := get(d.all, extension, "upstream", "loadBalancing").(object)
	if on, _ := balancer["enabled"].(bool); !on {
		return nil
	}
	list, _ := balancer["targets"].([]any)
	return list
}

// weights are those of the load balancer's targets; nil: there is none.
func (d document) weights() (w weights, err error) {
	for _, one := range d.targets() {
		address, _ := get(one, "url").(string)
		number, _ := get(one, "weight").(json.Number)
		weight, e := number.Int64()
		_, twice := w[address]
		if e != nil || weight < 0 || weight > 1e6 || address == "" || twice {
			return nil, fmt.Errorf("read load balancer: %w: target %q with weight %q is none, or there twice", actuator.ErrRefused, address, number)
		}
		if w == nil {
			w = weights{}
		}
		w[address] = int(weight)
	}
	return w, nil
}

// operations are the ids of those that the description names.
func (d document) operations() (ids []string) {
	paths, _ := d.all["paths"].(object)
	for _, path := range paths {
		methods, _ := path.(object)
		for _, method := range methods {
			if id, is := get(method, "operationId").(string); is && id != "" {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// with is the definition with other parts. What it does not change is shared.
func (d document) with(from, to parts) (document, error) {
	changed, err := clone(d.all)
	if err != nil {
		return d, err
	}
	d.all = changed
	names := slices.Sorted(maps.Keys(to))
	for name := range from {
		if _, stays := to[name]; !stays {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if same(from[name], to[name]) {
			continue
		}
		if err := d.set(name, to[name]); err != nil {
			return d, err
		}
	}
	return d, nil
}

// set changes one part; nil takes it away.
func (d document) set(name string, value any) error {
	part, operation, of := strings.Cut(name, " ")
	switch {
	case d.classic && name == repeated && value != nil:
		put(d.all, value, "proxy", repeated)
	case d.classic && name == ancient:
		put(d.all, value, ancient)
	case d.classic:
		return fmt.Errorf("set %q: %w: a classic definition has no such part, or cannot be without", name, actuator.ErrRefused)
	case name == weighed:
		return d.weigh(value)
	case name == limit:
		put(d.all, value, extension, "upstream", limit)
	case of && slices.Contains([]string{limit, mock, fuse}, part) && slices.Contains(d.operations(), operation):
		put(d.all, value, extension, "middleware", "operations", operation, part)
	default:
		return fmt.Errorf("set %q: %w: the definition has no such part", name, actuator.ErrRefused)
	}
	return nil
}

// weigh sets the weights of the targets that are there.
func (d document) weigh(value any) error {
	var w weights
	if err := convert(value, &w); err != nil {
		return fmt.Errorf("set weights: %w: %w", actuator.ErrRefused, err)
	}
	list := d.targets()
	if len(list) != len(w) {
		return fmt.Errorf("set weights: %w: its targets are others now", actuator.ErrRefused)
	}
	for _, one := range list {
		address, _ := get(one, "url").(string)
		weight, there := w[address]
		if !there || weight < 0 || weight > 1e6 {
			return fmt.Errorf("set weights: %w: target %q with weight %d", actuator.ErrRefused, address, weight)
		}
		one.(object)["weight"] = json.Number(fmt.Sprint(weight))
	}
	return nil
}

// body is the definition as it is sent.
func (d document) body() ([]byte, error) { return actuator.Canonical(d.all) }

// digest names a body.
func digest(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// get walks into objects; nil: there is nothing.
func get(in any, path ...string) any {
	for _, name := range path {
		inner, _ := in.(object)
		in = inner[name]
	}
	return in
}

// put sets something in objects within each other, making those that are not
// there. Nil takes it away, and the objects that are empty then.
func put(in object, value any, path ...string) {
	name := path[0]
	if len(path) > 1 {
		inner, is := in[name].(object)
		if !is {
			inner = object{}
		}
		put(inner, value, path[1:]...)
		if value = inner; len(inner) == 0 {
			value = nil
		}
	}
	if in[name] = value; value == nil {
		delete(in, name)
	}
}

// clone is a copy of all of an object.
func clone(o object) (all object, err error) {
	err = convert(o, &all)
	return all, err
}

// convert reads a value as another type, by way of JSON.
func convert(value, into any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return errors.New("it is of another type")
	}
	return nil
}

// same reports whether two parts are one, whatever their types in Go are.
func same(a, b any) bool {
	x, errX := actuator.Canonical(a)
	y, errY := actuator.Canonical(b)
	return errX == nil && errY == nil && actuator.Same(x, y)
}
