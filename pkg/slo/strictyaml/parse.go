package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Document is one parsed YAML document whose root is a mapping.
type Document struct {
	root *yaml.Node
	// first is the line of the first thing it says; offset is what must be
	// added to the lines of nodes to get those of the file.
	first, offset int
	lines         map[string]int // by path, made when first asked for
}

// Parse reads one document. It returns either a document or a problem: of
// syntax, of aliases, or that it is not a mapping.
func Parse(chunk Chunk) (*Document, *Problem) {
	d := &Document{offset: chunk.Line - 1, first: chunk.Line}
	node, problem := d.read(chunk)
	if problem != nil {
		return nil, problem
	}
	if problem := d.adopt(node, newExpander()); problem != nil {
		return nil, problem
	}
	return d, nil
}

// read parses the text.
func (d *Document) read(chunk Chunk) (*yaml.Node, *Problem) {
	if !utf8.Valid(chunk.Text) {
		return nil, &Problem{Line: chunk.Line + invalidLine(chunk.Text), Message: "the text is not UTF-8", Fix: "save the file as UTF-8"}
	}
	node, err := parseOne(chunk.Text)
	if err != nil {
		return nil, d.syntaxProblem(err, chunk.Text)
	}
	return node, nil
}

// ParseFile reads a file that holds at most one document; nothing but
// comments reads as an empty mapping.
func ParseFile(data []byte) (*Document, *Problem) {
	chunks := Split(data)
	switch len(chunks) {
	case 0:
		return &Document{root: &yaml.Node{Kind: yaml.MappingNode}, first: 1}, nil
	case 1:
		return Parse(chunks[0])
	}
	return nil, &Problem{Line: chunks[1].Line, Message: "the file has more than one document", Fix: "remove what follows the second ---"}
}

// Line is where the document begins to say something, counted from 1.
func (d *Document) Line() int { return d.first }

// parseOne parses text that must hold exactly one document.
func parseOne(text []byte) (*yaml.Node, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var node, further yaml.Node
	if err := decoder.Decode(&node); err != nil {
		return nil, err
	}
	if err := decoder.Decode(&further); !errors.Is(err, io.EOF) {
		if err == nil {
			err = fmt.Errorf("yaml: line %d: a second document begins here", further.Line)
		}
		return nil, err
	}
	return node.Content[0], nil
}

// adopt makes node the root, without aliases.
func (d *Document) adopt(node *yaml.Node, aliases *expander) *Problem {
	d.first = node.Line + d.offset
	if resolved(node).Kind != yaml.MappingNode {
		return &Problem{Line: d.first, Message: "a document must be a mapping of fields, not " + describe(resolved(node))}
	}
	root, err := aliases.all(node)
	if err != nil {
		return &Problem{Line: d.first, Message: err.Error(), Fix: "write the values out"}
	}
	d.root = root
	return nil
}

var (
	errorLine = regexp.MustCompile(`^line (\d+): `)
	// countedFromZero are the messages whose lines the parser counts from 0.
	countedFromZero = regexp.MustCompile(`^did not find expected (node content|key|'-' indicator|',' or)`)
)

// syntaxProblem takes the line out of the parser's message, where it counts
// from the start of text.
func (d *Document) syntaxProblem(err error, text []byte) *Problem {
	message, line := strings.TrimPrefix(err.Error(), "yaml: "), 1
	if found := errorLine.FindStringSubmatch(message); found != nil {
		line, _ = strconv.Atoi(found[1])
		message = strings.TrimPrefix(message, found[0])
	}
	if countedFromZero.MatchString(message) {
		line++
	}
	last := 1 + bytes.Count(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	return &Problem{Line: d.offset + min(line, last), Message: "not valid YAML: " + message}
}

// invalidLine counts the lines before the first byte that is not UTF-8.
func invalidLine(text []byte) int {
	valid := 0
	for valid < len(text) {
		r, size := utf8.DecodeRune(text[valid:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		valid += size
	}
	return bytes.Count(text[:valid], []byte("\n"))
}
