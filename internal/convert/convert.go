// Package convert writes SLOs in the formats of others.
package convert

import (
	"fmt"

	"github.com/slo-engine/slo-engine/internal/rules"
	pyrrarules "github.com/slo-engine/slo-engine/internal/rules/pyrra"
	slothrules "github.com/slo-engine/slo-engine/internal/rules/sloth"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
)

// To writes SLOs as documents of a format: native, openslo, sloth or pyrra.
// Problems of Severity Error name an SLO that the format cannot say, which is
// left out; warnings say what it cannot say of one. Another format is an error.
func To(format string, specs []*slo.Spec) ([]byte, []slo.Problem, error) {
	switch format {
	case "native":
		text, err := slo.Encode(specs)
		return text, nil, err
	case "openslo":
		text, problems := openslo.Encoder{Template: template}.Encode(specs)
		return text, problems, nil
	case "sloth":
		text, problems := slothrules.Encode(specs)
		return text, problems, nil
	case "pyrra":
		text, problems := pyrra.Encode(simplified(specs))
		return text, problems, nil
	}
	return nil, nil, fmt.Errorf("format %q is not known: write native, openslo, sloth or pyrra", format)
}

func template(s *slo.Spec) (bad, total, errorRatio string, problems []slo.Problem) {
	t, problems := rules.TemplateOf(s)
	return t.Bad, t.Total, t.ErrorRatio, problems
}

func simplified(specs []*slo.Spec) []*slo.Spec {
	out := make([]*slo.Spec, len(specs))
	for i, s := range specs {
		out[i] = pyrrarules.Simplify(s)
	}
	return out
}
