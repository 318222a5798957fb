package config

import (
	"fmt"
	"regexp"
	"strings"
)

// reference is what a dollar can begin: an escaped dollar, a variable, or a
// variable that is not one. Numbers are none: ${1} is what a group of a regular
// expression has matched, in relabel_configs.
var (
	reference = regexp.MustCompile(`\$(\$|\{[^}]*\}?)`)
	group     = regexp.MustCompile(`^\$\{[0-9]+\}$`)
	variable  = regexp.MustCompile(`^\{([A-Za-z_][A-Za-z0-9_]*)\}$`)
)

// expandEnv returns a function that replaces ${NAME} by what lookup says, and
// $$ by a dollar. A dollar before anything else stays as it is. problem says
// what is wrong with the text, never what a variable holds.
func expandEnv(lookup func(string) (string, bool)) func(text string) (expanded, problem, fix string) {
	return func(text string) (expanded, problem, fix string) {
		if !strings.Contains(text, "$") {
			return text, "", ""
		}
		expanded = reference.ReplaceAllStringFunc(text, func(found string) string {
			switch {
			case found == "$$":
				return "$"
			case group.MatchString(found):
				return found
			}
			name := variable.FindStringSubmatch(found[1:])
			if name == nil {
				problem = fmt.Sprintf("%q is not a variable", found)
				fix = "write ${NAME}, or $${ for the two characters"
				return ""
			}
			value, ok := lookup(name[1])
			if !ok {
				problem = fmt.Sprintf("environment variable %s is not set", name[1])
				fix = "set it, to nothing if that is meant"
			}
			return value
		})
		return expanded, problem, fix
	}
}
