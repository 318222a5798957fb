package strictyaml

import "go.yaml.in/yaml/v3"

// Parsed is a document, or the problem with it.
type Parsed struct {
	Document *Document
	Problem  *Problem
}

// ParseAll reads the documents of a chunk: the one that it is, or the items of
// the list that it is. What is wrong with an item takes nothing away from the
// others, but that all of them share the bound on aliases. There is at least
// one document or problem.
func ParseAll(chunk Chunk) []Parsed {
	d := &Document{offset: chunk.Line - 1, first: chunk.Line}
	node, problem := d.read(chunk)
	if problem != nil {
		return []Parsed{{Problem: problem}}
	}
	if node.Kind != yaml.SequenceNode {
		return []Parsed{d.parsed(d.adopt(node, newExpander()))}
	}
	if len(node.Content) == 0 {
		return []Parsed{{Problem: &Problem{
			Line: node.Line + d.offset, Message: "the list of documents is empty", Fix: "write a document in it, or remove it",
		}}}
	}
	return d.items(node)
}

// items are the documents of a list.
func (d *Document) items(list *yaml.Node) []Parsed {
	all, aliases := make([]Parsed, 0, len(list.Content)), newExpander()
	for _, node := range list.Content {
		item := &Document{offset: d.offset}
		problem := item.adopt(node, aliases)
		if problem != nil && resolved(node).Kind == yaml.SequenceNode {
			problem.Message += " within a list"
		}
		all = append(all, item.parsed(problem))
	}
	return all
}

func (d *Document) parsed(problem *Problem) Parsed {
	if problem != nil {
		return Parsed{Problem: problem}
	}
	return Parsed{Document: d}
}
