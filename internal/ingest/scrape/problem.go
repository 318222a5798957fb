package scrape

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unknownDiscovery says so of a way to find targets that is not there.
func unknownDiscovery(job *yaml.Node, path string) *Problem {
	if job.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(job.Content); i += 2 {
		name := job.Content[i].Value
		if strings.HasSuffix(name, "_sd_configs") && !slices.Contains(discoveries, name) {
			return &Problem{path + "." + name, "is not there in this build",
				"targets are found by " + strings.Join(discoveries, ", ") + "; others can write the files of file_sd_configs"}
		}
	}
	return nil
}

// The library's errors, one per line, with the line of the text.
var (
	errorLine    = regexp.MustCompile(`^line (\d+): (.*)$`)
	unknownField = regexp.MustCompile(`^field (\S+) not found in type `)
)

// located makes problems of an error about a text whose only job stands at
// path. What the library says of no line it says of the job.
func located(err error, text, path string) (problems []Problem) {
	var document yaml.Node
	if yaml.Unmarshal([]byte(text), &document) != nil {
		document = yaml.Node{}
	}
	for line := range strings.Lines(strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n")) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "yaml: "))
		found := errorLine.FindStringSubmatch(line)
		if found == nil {
			problems = append(problems, Problem{Path: path, Message: line})
			continue
		}
		number, _ := strconv.Atoi(found[1])
		message, key := found[2], ""
		if field := unknownField.FindStringSubmatch(message); field != nil {
			message, key = "unknown field", field[1]
		}
		at := strings.TrimPrefix(pathOf(&document, "", number, key), ".scrape_configs[0]")
		problems = append(problems, Problem{Path: path + at, Message: message})
	}
	return problems
}

// pathOf is the path of what stands in a line, by its key if that is told.
func pathOf(n *yaml.Node, path string, line int, key string) (found string) {
	for i, child := range n.Content {
		at, name := path, child
		switch n.Kind {
		case yaml.SequenceNode:
			at = fmt.Sprintf("%s[%d]", path, i)
		case yaml.MappingNode:
			if i%2 == 0 {
				continue
			}
			name = n.Content[i-1]
			at = path + "." + name.Value
		}
		if name.Line == line && (key == "" || name.Value == key) {
			found = at
		}
		if deeper := pathOf(child, at, line, key); deeper != "" {
			found = deeper
		}
	}
	return found
}

// unfolded writes each field into a line of its own, so that a line tells
// which it is.
func unfolded(n *yaml.Node) *yaml.Node {
	n.Style &^= yaml.FlowStyle
	for _, child := range n.Content {
		unfolded(child)
	}
	return n
}
