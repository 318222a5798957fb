package rules

import (
	"fmt"
	"io"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
)

// The written… types are a rule file: the fields in Prometheus's order.
type writtenFile struct {
	Groups []writtenGroup `yaml:"groups"`
}

type writtenGroup struct {
	Name     string         `yaml:"name"`
	Interval model.Duration `yaml:"interval,omitempty"`
	Rules    []writtenRule  `yaml:"rules"`
}

type writtenRule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         model.Duration    `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Write writes groups as a rule file of Prometheus, one YAML document under a
// header: lines without '#', or nothing. Files of several documents come from
// several calls.
//
// The layout is that of version 2 of the YAML library, in which Sloth and many
// others write rules: version 3 indents, folds and quotes differently, and every
// line of a rule file under version control would change.
func Write(w io.Writer, header string, groups []Group) error {
	file := writtenFile{Groups: []writtenGroup{}}
	for _, g := range groups {
		file.Groups = append(file.Groups, g.written())
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		return fmt.Errorf("encode rules: %w", err)
	}
	if _, err := w.Write(append([]byte(commented(header)), text...)); err != nil {
		return fmt.Errorf("write rules: %w", err)
	}
	return nil
}

func (g Group) written() writtenGroup {
	out := writtenGroup{Name: g.Name, Interval: model.Duration(g.Interval), Rules: []writtenRule{}}
	for _, r := range g.Rules {
		out.Rules = append(out.Rules, writtenRule{
			Record: r.Record, Alert: r.Alert, Expr: r.Expr, For: model.Duration(r.For), Labels: r.Labels, Annotations: r.Annotations,
		})
	}
	return out
}

// commented makes comments of the header's lines, between the marker that
// begins a document and a blank line.
func commented(header string) string {
	if header == "" {
		return ""
	}
	lines := strings.Split(strings.TrimSuffix(header, "\n"), "\n")
	return "\n---\n# " + strings.Join(lines, "\n# ") + "\n\n"
}
