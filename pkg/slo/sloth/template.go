package sloth

import (
	"fmt"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
)

// window is what Sloth looks for in a query.
var window = regexp.MustCompile(`{{ *\.window *}}`)

// readTemplate checks a query, in which {{.window}} stands for the range and
// nothing else is defined. It comes back as it was written, unless its actions
// are ones that only a template engine understands: {{- .window -}}, comments.
func readTemplate(query string) (string, error) {
	tree, err := template.New("query").Parse(query)
	if err != nil {
		return "", fmt.Errorf("is not a template: %s", strings.TrimPrefix(err.Error(), "template: query:"))
	}
	if tree.Tree == nil || tree.Root == nil {
		return query, nil
	}
	var plain strings.Builder
	for _, node := range tree.Root.Nodes {
		switch {
		case node.Type() == parse.NodeText:
			plain.Write(node.(*parse.TextNode).Text)
		case isWindow(node):
			plain.WriteString("{{.window}}")
		default:
			return "", fmt.Errorf("has %s, and only {{.window}} is defined", node)
		}
	}
	if strings.Count(query, "{{") == len(window.FindAllString(query, -1)) {
		return query, nil
	}
	return plain.String(), nil
}

// isWindow reports whether an action is {{.window}} and nothing more.
func isWindow(node parse.Node) bool {
	action, ok := node.(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 1 {
		return false
	}
	field, ok := action.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	return ok && len(field.Ident) == 1 && field.Ident[0] == "window"
}
