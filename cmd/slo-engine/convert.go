package main

import "github.com/slo-engine/slo-engine/internal/convert"

type convertCmd struct {
	To     string `enum:"native,openslo,sloth,pyrra" required:"" help:"Format to write: native, openslo, sloth or pyrra."`
	Strict bool   `help:"Refuse what a format's own product refuses."`
	readFlags
	Files []string `arg:"" name:"files" help:"SLO files in any format; patterns are expanded."`
}

// Run writes the SLOs of the files in another format to standard output. What
// cannot be said there is named on standard error; it exits 1 when an SLO is
// missing for it.
func (c *convertCmd) Run(std streams) error {
	specs, problems, err := documents(c.Files, c.options(c.Strict))
	if err != nil {
		return err
	}
	text, unsaid, err := convert.To(c.To, specs)
	if err != nil {
		return err
	}
	return answer(std, text, problems, unsaid)
}
