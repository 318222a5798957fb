package main

import (
	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/convert"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/sloexporter"
)

type convertCmd struct {
	From   string `enum:"any,slo-exporter" default:"any" help:"Format of the files: any that says what it is, or slo-exporter, whose rule files and domains do not."`
	To     string `enum:"native,openslo,sloth,pyrra" required:"" help:"Format to write: native, openslo, sloth or pyrra."`
	Strict bool   `help:"Refuse what a format's own product refuses."`
	readFlags
	Files []string `arg:"" name:"files" help:"SLO files in any format; patterns are expanded."`
}

// Run writes the SLOs of the files in another format to standard output. What
// cannot be said there is named on standard error; it exits 1 when an SLO is
// missing for it.
func (c *convertCmd) Run(std streams) error {
	specs, problems, err := c.read()
	if err != nil {
		return err
	}
	text, unsaid, err := convert.To(c.To, specs)
	if err != nil {
		return err
	}
	return answer(std, text, problems, unsaid)
}

// read reads the files as what they are said to be.
func (c *convertCmd) read() ([]*slo.Spec, []slo.Problem, error) {
	if c.From != "slo-exporter" {
		return documents(c.Files, c.options(c.Strict))
	}
	specs, problems, err := sloexporter.Read(sloexporter.Options{Strict: c.Strict}, func(l slo.Loader) ([]*slo.Spec, []slo.Problem, error) {
		return config.LoadSpecs(c.Files, l)
	})
	return specs, missing(problems), err
}
