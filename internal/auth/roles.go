package auth

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Roles are what somebody may do, written as one role or as a list of them.
type Roles []Role

// roleNames are all there are.
var roleNames = []string{string(Viewer), string(Ingest), string(Alert), string(Operator), string(Admin)}

// ParseRoles reads names of roles.
func ParseRoles(names []string) (Roles, error) {
	var roles Roles
	for _, name := range names {
		if !slices.Contains(roleNames, name) {
			return nil, fmt.Errorf("%q is not a role; %s", name, strictyaml.Suggest(name, roleNames))
		}
		roles = append(roles, Role(name))
	}
	return roles, nil
}

// UnmarshalValue reads a role, or a list of them.
func (r *Roles) UnmarshalValue(v strictyaml.Value) {
	var names []string
	switch {
	case v.IsString():
		name, _ := v.String()
		names = []string{name}
	case v.IsMapping():
		v.Report("must be a role or a list of roles, not a mapping", "write one such as viewer")
		return
	default:
		v.Decode(&names)
	}
	if names != nil && len(names) == 0 {
		v.Report("is empty", "write a role: "+strings.Join(roleNames, ", "))
		return
	}
	for _, name := range names {
		if _, err := ParseRoles([]string{name}); err != nil {
			v.Report(fmt.Sprintf("%q is not a role", name), strictyaml.Suggest(name, roleNames))
			return
		}
	}
	*r, _ = ParseRoles(names) // each was looked at
}
