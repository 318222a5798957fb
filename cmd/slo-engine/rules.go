package main

import (
	"bytes"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/rules"
	"github.com/slo-engine/slo-engine/internal/rules/native"
	"github.com/slo-engine/slo-engine/internal/rules/pyrra"
	"github.com/slo-engine/slo-engine/internal/rules/sloth"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
	slothformat "github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

type rulesCmd struct {
	Dialect          string            `enum:"native,sloth,pyrra" default:"native" help:"Whose names and expressions to use: native, sloth or pyrra."`
	SlothCompatible  bool              `name:"sloth-compatible" help:"With sloth: its rule of the whole period too, which averages ratios and is wrong where traffic is uneven."`
	PyrraGeneric     bool              `name:"pyrra-generic" help:"With pyrra: the generic rules for dashboards too."`
	NativeHistograms bool              `name:"native-histograms" help:"Read latencies from native histograms, not from classic buckets."`
	ExtraLabels      map[string]string `name:"extra-labels" help:"With sloth: labels on all recorded series, as key=value."`
	Strict           bool              `help:"Refuse what a format's own product refuses."`
	readFlags
	Files []string `arg:"" name:"files" help:"SLO files in any format; patterns are expanded."`
}

// Run writes Prometheus rules to standard output, and what they cannot say to
// standard error.
func (c *rulesCmd) Run(std streams) error {
	o := c.options(c.Strict)
	o.SlothCatalog = slothformat.DefaultCatalog()
	specs, problems, err := documents(c.Files, o)
	if err != nil {
		return err
	}
	groups, unsaid := c.dialect(o.SlothCatalog)(specs)
	var text bytes.Buffer
	header := fmt.Sprintf("Written by slo-engine rules --dialect %s.\nDo not edit: change the SLOs and write it again.", c.Dialect)
	if err := rules.Write(&text, header, groups); err != nil {
		return err
	}
	return answer(std, text.Bytes(), problems, unsaid)
}

func (c *rulesCmd) dialect(catalog slothformat.Catalog) rules.Dialect {
	templates := rules.TemplateOptions{NativeHistograms: c.NativeHistograms}
	switch c.Dialect {
	case "sloth":
		return sloth.Dialect(sloth.Options{
			Compatible: c.SlothCompatible, Windows: catalog, Templates: templates, Version: version, ExtraLabels: c.ExtraLabels,
		})
	case "pyrra":
		return pyrra.Dialect(pyrra.Options{Generic: c.PyrraGeneric})
	}
	return native.Dialect(native.Options{Templates: templates, Tiers: func(s *slo.Spec) []alerts.Tier {
		tiers, _ := engine.Tiers(s)
		return tiers
	}})
}
