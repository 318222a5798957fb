package strictyaml

import (
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// maxExpanded bounds the nodes that aliases may add to one document, or to all
// of a list, so that a few lines cannot ask for gigabytes.
const maxExpanded = 10_000

var errExpansion = fmt.Errorf("aliases expand to more than %d values", maxExpanded)

// all returns the tree with aliases and merge keys replaced by what they mean.
// A tree without any is returned as it is.
func (e *expander) all(root *yaml.Node) (*yaml.Node, error) {
	if !hasAlias(root) {
		return root, nil
	}
	return e.expand(root, false)
}

// resolved is what a node stands for.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func hasAlias(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || isMergeKey(n) || slices.ContainsFunc(n.Content, hasAlias)
}

func isMergeKey(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "<<" && n.ShortTag() == "!!merge"
}

type expander struct{ left int }

func newExpander() *expander { return &expander{left: maxExpanded} }

// expand copies n. Only copies made for an alias are counted: the document
// itself was bounded by the size of its text.
func (e *expander) expand(n *yaml.Node, counted bool) (*yaml.Node, error) {
	if n.Kind == yaml.AliasNode {
		n, counted = n.Alias, true
	}
	if counted {
		if e.left--; e.left < 0 {
			return nil, errExpansion
		}
	}
	c := *n
	c.Anchor, c.Content = "", make([]*yaml.Node, 0, len(n.Content))
	if n.Kind == yaml.MappingNode {
		return &c, e.expandMapping(&c, n, counted)
	}
	for _, item := range n.Content {
		x, err := e.expand(item, counted)
		if err != nil {
			return nil, err
		}
		c.Content = append(c.Content, x)
	}
	return &c, nil
}

func (e *expander) expandMapping(into, n *yaml.Node, counted bool) error {
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := e.expand(n.Content[i], counted)
		if err != nil {
			return err
		}
		value, err := e.expand(n.Content[i+1], counted)
		if err != nil {
			return err
		}
		if isMergeKey(key) {
			merged = append(merged, value)
			continue
		}
		into.Content = append(into.Content, key, value)
	}
	return mergeAll(into, merged)
}

// mergeAll adds the pairs of merge values whose keys are not there yet:
// what is written out wins, then the earlier merge.
func mergeAll(into *yaml.Node, values []*yaml.Node) error {
	present := map[string]bool{}
	for i := 0; i < len(into.Content); i += 2 {
		present[into.Content[i].Value] = true
	}
	for _, value := range values {
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, source := range sources {
			if source.Kind != yaml.MappingNode {
				return errors.New("a merge key (<<) takes a mapping or a list of mappings, not " + describe(source))
			}
			mergeOne(into, source, present)
		}
	}
	return nil
}

func mergeOne(into, source *yaml.Node, present map[string]bool) {
	for i := 0; i < len(source.Content); i += 2 {
		if key := source.Content[i]; !present[key.Value] {
			present[key.Value] = true
			into.Content = append(into.Content, key, source.Content[i+1])
		}
	}
}
