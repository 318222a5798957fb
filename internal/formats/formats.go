// Package formats knows every format of SLO documents that the engine reads:
// its own, OpenSLO's, Sloth's, Pyrra's and slo-generator's. Documents of all of
// them may stand beside each other, in one folder or in one file.
package formats

import (
	"maps"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/openslo"
	"github.com/slo-engine/slo-engine/pkg/slo/pyrra"
	"github.com/slo-engine/slo-engine/pkg/slo/slogenerator"
	"github.com/slo-engine/slo-engine/pkg/slo/sloth"
)

// Options say how documents of other products are read. The zero value reads
// leniently: what is merely odd is a warning.
type Options struct {
	// Strict makes errors of what the products themselves refuse, by their
	// published rules, and of unknown fields. What is slo.Unserved is for the
	// Loader's Strict.
	Strict bool
	// SlothPeriod is the window of Sloth's SLOs, which cannot say it
	// themselves. 0: 30 days, as Sloth has it.
	SlothPeriod time.Duration
	// SlothCatalog takes up the AlertWindows that are read. nil: they are only
	// checked.
	SlothCatalog sloth.Catalog
}

// All says how each format is decoded.
func All(o Options) map[slo.Format]slo.Decoder {
	all := slo.Native()
	maps.Copy(all, openslo.Formats(openslo.Options{Strict: o.Strict}))
	maps.Copy(all, sloth.Formats(sloth.Options{Strict: o.Strict, Period: o.SlothPeriod, Catalog: o.SlothCatalog}))
	maps.Copy(all, pyrra.Formats(pyrra.Options{Strict: o.Strict}))
	maps.Copy(all, slogenerator.Formats(slogenerator.Options{Strict: o.Strict}))
	return all
}
