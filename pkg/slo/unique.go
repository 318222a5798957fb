package slo

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Unique keeps the first Spec of each id and reports the others: which one
// counts must not depend on chance, so hand them over in the order of files
// and documents.
func Unique(specs []*Spec) (kept []*Spec, problems []Problem) {
	first := make(map[string]*Spec, len(specs))
	for _, s := range specs {
		if f, taken := first[s.ID()]; taken {
			problems = append(problems, Problem{
				Origin:  s.Origin,
				SLO:     s.ID(),
				Field:   s.field("metadata.name"),
				Message: fmt.Sprintf("service %q already has an SLO %q at %s", s.Service, s.Name, f.Origin),
				Fix:     "rename or remove one of them",
			})
			continue
		}
		first[s.ID()] = s
		kept = append(kept, s)
	}
	return kept, problems
}

// identity is the ID as far as it can be told.
func (s *Spec) identity() string {
	if s.Service == "" || s.Name == "" {
		return ""
	}
	return s.ID()
}

// AnyError reports whether one of the problems quarantines.
func AnyError(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity.Quarantines() })
}

// anyUnserved reports whether one of the problems is Unserved.
func anyUnserved(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Unserved })
}

// covered lists the places that errors already speak of. A warning must not
// hide an error.
func covered(problems []Problem) strictyaml.Problems {
	var places strictyaml.Problems
	for _, p := range problems {
		if p.Severity.Quarantines() {
			places = append(places, strictyaml.Problem{Path: p.Field})
		}
	}
	return places
}

// compareProblems orders problems of a document by line, then by field.
func compareProblems(a, b Problem) int {
	return cmp.Or(
		cmp.Compare(a.Origin.Line, b.Origin.Line),
		cmp.Compare(a.Field, b.Field),
		cmp.Compare(a.Message, b.Message),
	)
}
