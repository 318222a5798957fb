package strictyaml

import "go.yaml.in/yaml/v3"

// Expand replaces every string value of the document, but not the names of
// fields, by what replace makes of it. Where replace returns a problem, the
// value is left as it was.
func (d *Document) Expand(replace func(text string) (expanded, problem, fix string)) Problems {
	r := &run{offset: d.offset}
	Value{node: d.root, line: d.first, run: r}.expand(replace)
	return r.problems
}

func (v Value) expand(replace func(string) (string, string, string)) {
	switch v.node.Kind {
	case yaml.MappingNode:
		v.eachPairQuietly(func(at Value) { at.expand(replace) })
	case yaml.SequenceNode:
		for i, item := range v.node.Content {
			v.child(nil, item, Index(v.path, i)).expand(replace)
		}
	case yaml.ScalarNode:
		v.expandScalar(replace)
	}
}

// expandScalar fixes the tag too, so that a value such as "1" stays the
// string it is.
func (v Value) expandScalar(replace func(string) (string, string, string)) {
	if v.node.ShortTag() != "!!str" {
		return
	}
	text, problem, fix := replace(v.node.Value)
	if problem != "" {
		v.Report(problem, fix)
		return
	}
	v.node.Value, v.node.Tag = text, "!!str"
}

// eachPairQuietly visits all fields of a mapping; Decode reports duplicates.
func (v Value) eachPairQuietly(visit func(at Value)) {
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, value := v.node.Content[i], v.node.Content[i+1]
		visit(v.child(key, value, Key(v.path, key.Value)))
	}
}
