package sloth

import (
	"regexp"
	"strings"
	"text/template"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// query is the error ratio of an SLO over any window.
type query struct{ template *template.Template }

// readQuery makes one expression of an SLI: queries of people in parentheses,
// so that nothing in them binds to what is around. A division ends its line.
func readQuery(s *slo.Spec, o rules.TemplateOptions) (*query, []slo.Problem) {
	t, problems := templateOf(s, o)
	if slo.AnyError(problems) {
		return nil, problems
	}
	text := "(" + t.ErrorRatio + ")"
	if t.ErrorRatio == "" {
		text = "(" + t.Bad + ")\n/\n(" + t.Total + ")\n"
	}
	parsed, err := template.New("query").Option("missingkey=error").Parse(text)
	if err == nil {
		err = parsed.Execute(new(strings.Builder), map[string]string{"window": "1m"})
	}
	if err != nil {
		return nil, append(problems, s.Problem(slo.Error, "spec.sli", "is not a template: "+err.Error(), "write {{.window}} where the range goes, and no other {{"))
	}
	return &query{parsed}, problems
}

// templateOf takes what says the range itself to the letter: white space in it
// is white space in Sloth's rules.
func templateOf(s *slo.Spec, o rules.TemplateOptions) (rules.Template, []slo.Problem) {
	r := s.SLI.Ratio
	switch {
	case r != nil && ranged(r.ErrorRatio):
		return rules.Template{ErrorRatio: r.ErrorRatio}, nil
	case r != nil && ranged(r.Bad) && ranged(r.Total):
		return rules.Template{Bad: r.Bad, Total: r.Total}, nil
	}
	return rules.TemplateWith(s, o)
}

var window = regexp.MustCompile(`{{ *\.window *}}`)

func ranged(query string) bool { return window.MatchString(query) }

// over is the expression for one window.
func (q *query) over(window time.Duration) string {
	var b strings.Builder
	_ = q.template.Execute(&b, map[string]string{"window": promDuration(window)}) // it did before
	return b.String()
}

// promDuration writes 28 days as 4w, as all names of Sloth's do.
func promDuration(d time.Duration) string { return model.Duration(d).String() }
