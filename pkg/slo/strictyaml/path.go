package strictyaml

import (
	"fmt"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Key is the path of the field key of what is at path.
func Key(path, key string) string {
	if !plainKey.MatchString(key) {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index is the path of item i, counted from 0, of the list at path.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// LineOf is the line of the field at path, or of the innermost thing around
// it that exists: where something is missing, that is where to add it.
func (d *Document) LineOf(path string) int {
	if d.lines == nil {
		d.lines = map[string]int{}
		d.index(d.root, "")
		d.lines[""] = d.first
	}
	for {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = parent(path)
	}
}

// index notes the lines of everything below n.
func (d *Document) index(n *yaml.Node, path string) {
	for i := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			at := Index(path, i)
			d.lines[at] = n.Content[i].Line + d.offset
			d.index(n.Content[i], at)
		case i%2 == 1:
			at := Key(path, n.Content[i-1].Value)
			d.lines[at] = n.Content[i-1].Line + d.offset
			d.index(n.Content[i], at)
		}
	}
}

// parent cuts the last part off a path. A quoted key may hold dots and
// brackets; cutting inside one only takes one more round.
func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}

// Text is the text of the scalar at the given keys, or empty: for a first
// look at a document that may be broken elsewhere.
func (d *Document) Text(keys ...string) string {
	n := d.root
	for _, key := range keys {
		if n = child(n, key); n == nil {
			return ""
		}
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
