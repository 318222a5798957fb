package openslo

import (
	"regexp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// stricter reports whether a problem is one that the library, which looks at
// one document at a time and measures nothing, does not see.
func stricter(p slo.Problem) bool {
	return contains(p.Message, alone) || at.MatchString(p.Field)
}

// at are the places where we look closer.
var at = regexp.MustCompile(`^spec\.(` +
	// Without objectives nothing is promised.
	`objectives|` +
	// The name of a service becomes part of ids.
	`service(Ref)?|` +
	// The library looks for these beside inline SLIs only; we follow the
	// references too.
	`objectives\[\d+\]\.(op|value)|` +
	// Where one objective has an SLI of its own, all need one.
	`objectives\[\d+\]\.(indicator|sli)|` +
	// A slice that nobody cuts is looked at all the same.
	`objectives\[\d+\]\.timeSliceWindow|` +
	// The query is what is counted.
	`.*\.query)$`)

// alone are the problems that we alone find.
var alone = []string{
	// A promise of nothing has no budget that could be compared with.
	"promises nothing",
	// What is here but cannot be measured by this version.
	"not supported by this version", "longer than this version keeps", "too short for a burn rate", "longer than the window", "shorter than a second",
	// The library refuses neither zero nor more than there is time.
	"is no time at all", "is too long",
	// Other documents: the library follows no references.
	"is called \"", "another ",
	// The library goes through JSON, where 1e3 is a whole number.
	"must be a whole number, not a number",
	// Only PromQL is counted.
	"cannot be read: only PromQL is counted",
}

// looser reports whether an error is one of the library's that we do not share.
func looser(err error) bool { return contains(err.Error(), theirs) }

// theirs are the errors that the library alone has.
var theirs = []string{
	// The library reads YAML 1.1, where y, n, on and off are booleans too.
	"cannot unmarshal bool into",
	// JSON, which it goes through, has no such number; in the free part of a
	// source it does no harm.
	"unsupported value: NaN",
}
