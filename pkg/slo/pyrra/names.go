package pyrra

import (
	"fmt"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Names is what Pyrra calls each SLO of a set. Pyrra tells SLOs apart by their
// names alone: where several share one, theirs begin with the service.
func Names(specs []*slo.Spec) map[*slo.Spec]string {
	shared := map[string]int{}
	for _, s := range specs {
		shared[s.Name]++
	}
	names, taken := map[*slo.Spec]string{}, map[string]bool{}
	for _, s := range specs {
		if shared[s.Name] == 1 {
			names[s], taken[s.Name] = s.Name, true
		}
	}
	for _, s := range specs {
		if shared[s.Name] > 1 {
			names[s] = free(s.Service+"-"+s.Name, taken)
		}
	}
	return names
}

// free takes the first of name, name-2, name-3 … that is not taken.
func free(name string, taken map[string]bool) string {
	candidate := name
	for i := 2; taken[candidate]; i++ {
		candidate = fmt.Sprintf("%s-%d", name, i)
	}
	taken[candidate] = true
	return candidate
}
