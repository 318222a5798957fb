package strictyaml

import (
	"encoding/json"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Raw is a mapping of a document that somebody else decodes later, as strictly
// and with the same paths and lines. The zero value is an empty one.
type Raw struct{ value Value }

// UnmarshalValue keeps the mapping as it is.
func (r *Raw) UnmarshalValue(v Value) {
	if !v.IsMapping() {
		v.wrongType("a mapping of fields")
		return
	}
	r.value = v
}

// Fields are its names, in the order of the document.
func (r Raw) Fields() (names []string) {
	if r.value.node == nil {
		return nil
	}
	for i := 0; i+1 < len(r.value.node.Content); i += 2 {
		names = append(names, r.value.node.Content[i].Value)
	}
	return names
}

// Without is what it has beside some fields.
func (r Raw) Without(names ...string) Raw {
	return r.filtered(func(name string) bool { return !slices.Contains(names, name) })
}

// Only is one field of it, if it has that.
func (r Raw) Only(names ...string) Raw {
	return r.filtered(func(name string) bool { return slices.Contains(names, name) })
}

func (r Raw) filtered(keep func(name string) bool) Raw {
	if r.value.node == nil {
		return r
	}
	rest := *r.value.node
	rest.Content = nil
	for i := 0; i+1 < len(r.value.node.Content); i += 2 {
		if keep(r.value.node.Content[i].Value) {
			rest.Content = append(rest.Content, r.value.node.Content[i], r.value.node.Content[i+1])
		}
	}
	r.value.node = &rest
	return r
}

// Decode is Document.Decode for it.
func (r Raw) Decode(into any) Problems {
	if r.value.node == nil {
		r.value = Value{node: &yaml.Node{Kind: yaml.MappingNode}, run: &run{}}
	}
	r.value.run = &run{offset: r.value.run.offset}
	r.value.Decode(into)
	r.value.run.problems.Sort()
	return r.value.run.problems
}

// JSON is the mapping as JSON, which is YAML, too: its keys sorted.
func (r Raw) JSON() (json.RawMessage, error) {
	if r.value.node == nil {
		return json.RawMessage("{}"), nil
	}
	var plain map[string]any
	if err := r.value.node.Decode(&plain); err != nil {
		return nil, fmt.Errorf("read mapping: %w", err)
	}
	if plain == nil {
		plain = map[string]any{}
	}
	text, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("write mapping as JSON: %w", err)
	}
	return text, nil
}

// ReportAt adds a problem that was found by decoding a part of this value.
func (v Value) ReportAt(p Problem) { v.run.problems = append(v.run.problems, p) }
