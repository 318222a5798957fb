package sloexporter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// operators are those of slo-exporter's conditions; the last three are of its
// first versions.
var operators = []string{
	"isEqualTo", "isNotEqualTo", "isMatchingRegexp", "isNotMatchingRegexp",
	"numberIsEqualTo", "numberIsNotEqualTo", "numberIsHigherThan", "numberIsEqualOrHigherThan", "numberIsEqualOrLessThan",
	"durationIsHigherThan",
	"matchesRegexp", "numberHigherThan", "durationHigherThan",
}

// checkRules looks for rules that nothing is promised of.
func (r *reader) checkRules(d *rulesDocument) {
	if len(r.set.domains) == 0 {
		r.add(slo.Error, "rules", "say which events are failures, and not what is promised", "give the file of slo-rules-generator with slo_threshold too")
		return
	}
	for i := range d.Rules {
		one, at := &d.Rules[i], strictyaml.Index("rules", i)
		r.checkConditions(at+".metadata_matcher", one.Metadata)
		r.checkConditions(at+".failure_conditions", one.Failure)
		switch kind := one.kind(); {
		case kind == "":
			r.add(slo.Warning, at+".additional_metadata", "has no slo_type: its events belong to no SLO", "write slo_type")
		case !r.set.promised(one):
			r.add(slo.Warning, at, fmt.Sprintf("no domain has a threshold for the slo_type %q that the rule makes events of", kind), "write one, or remove the rule")
		}
	}
}

func (r *reader) checkConditions(field string, conditions []condition) {
	for i, c := range conditions {
		if c.Operator != "" && !slices.Contains(operators, c.Operator) {
			r.add(r.set.options.unknown(), strictyaml.Index(field, i)+".operator", fmt.Sprintf("operator %q is not known", c.Operator), strictyaml.Suggest(c.Operator, operators))
		}
	}
}

// kind is the slo_type of the events that a rule makes.
func (r *rule) kind() string { return string(r.Additional["slo_type"]) }

// makes reports whether a rule makes events of an SLO.
func (r *rule) makes(domain, class, kind string, version text) bool {
	own := r.Additional["slo_version"]
	return r.kind() == kind && matches(r.Matcher.Domain, domain) && matches(r.Matcher.Class, class) &&
		(own == "" || version == "" || own == version)
}

// matches reports whether what a rule asks for, which may be a regular
// expression, holds of a name.
func matches(pattern text, name string) bool {
	if pattern == "" || string(pattern) == name {
		return true
	}
	re, err := regexp.Compile("^(?:" + string(pattern) + ")$")
	return err == nil && re.MatchString(name)
}

// promised reports whether there is an SLO that a rule makes events of.
func (s *set) promised(r *rule) bool {
	for name, d := range s.domains {
		for class, kinds := range d.Classes {
			for kind := range kinds {
				if r.makes(name, class, kind, d.Version) {
					return true
				}
			}
		}
	}
	return false
}

// failures says in words which events of an SLO are failures; it is not ok when
// no rule makes any.
func (s *set) failures(domain, class, kind string, version text) (words string, ok bool) {
	var all []string
	for i := range s.rules {
		one := &s.rules[i]
		if !one.makes(domain, class, kind, version) {
			continue
		}
		ok = true
		for _, c := range one.Failure {
			all = append(all, fmt.Sprintf("%s %s %s", c.Key, c.Operator, c.Value))
		}
	}
	if len(all) == 0 {
		return "", ok
	}
	return "Failures: " + strings.Join(all, ", or "), ok
}
