package slogenerator

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// policiesField is what a shared configuration is known by.
const policiesField = "error_budget_policies"

// config is a shared configuration.
type config struct {
	backends []string
	policies map[string]*sharedPolicy
}

// sharedPolicy is a policy of it. A faulty one takes only those SLOs along that
// name it.
type sharedPolicy struct {
	steps
	faulty bool
}

// decodeShared reads a shared configuration. What is wrong with a policy is a
// warning here, for other policies may be sound, and an error of each SLO that
// names it.
func (o Options) decodeShared(source *strictyaml.Document) (name string, part any, problems []slo.Problem) {
	var top struct {
		Fields map[string]ignored `yaml:",inline"`
	}
	source.Decode(&top)
	if _, ours := top.Fields[policiesField]; !ours {
		return "", nil, []slo.Problem{{Field: "apiVersion", Message: "is missing", Fix: "write apiVersion: " + slo.APIVersion}}
	}
	var d sharedDocument
	s := sharedReader{options: o, found: source.Decode(&d)}
	c := s.read(&d)
	return strings.Join(slices.Sorted(maps.Keys(c.policies)), ","), c, s.problems
}

// sharedReader makes a config of one document.
type sharedReader struct {
	options  Options
	found    strictyaml.Problems
	problems []slo.Problem
}

func (s *sharedReader) read(d *sharedDocument) *config {
	for _, p := range slo.FromYAML(s.found, slo.Warning) {
		p.Severity = slo.Warning
		s.problems = append(s.problems, p)
	}
	c := &config{backends: slices.Sorted(maps.Keys(d.Backends)), policies: map[string]*sharedPolicy{}}
	for _, name := range slices.Sorted(maps.Keys(d.Policies)) {
		field := strictyaml.Key(policiesField, name)
		c.policies[name] = s.policy(field, d.Policies[name])
	}
	return c
}

// policy reads one policy, if all of it could be decoded.
func (s *sharedReader) policy(field string, p policy) *sharedPolicy {
	if s.broken(field) {
		return &sharedPolicy{faulty: true}
	}
	before := len(s.problems)
	var tiers []slo.Tier
	taken := map[string]bool{}
	for i, one := range p.Steps {
		t := s.step(strictyaml.Index(field+".steps", i), one)
		for taken[t.Name] {
			t.Name += "_again"
		}
		taken[t.Name] = true
		tiers = append(tiers, t)
	}
	switch n := len(tiers); {
	case n == 0:
		s.warn(field+".steps", "has no steps", "write one at least")
	case n > slo.MaxTiers:
		s.warn(field+".steps", fmt.Sprintf("has %d steps, more than the %d allowed", n, slo.MaxTiers), "keep the ones somebody acts on")
	}
	if len(s.problems) > before {
		return &sharedPolicy{faulty: true}
	}
	return &sharedPolicy{steps: newSteps(tiers)}
}

// broken reports whether some of what is at field could not be decoded.
func (s *sharedReader) broken(field string) bool {
	return slices.ContainsFunc(s.found, func(p strictyaml.Problem) bool {
		known := p.Message != strictyaml.UnknownField || s.options.Strict
		return known && (strictyaml.Within(p.Path, field) || strictyaml.Within(field, p.Path))
	})
}

func (s *sharedReader) warn(field, message, fix string) {
	s.problems = append(s.problems, slo.Problem{Severity: slo.Warning, Field: field, Message: message, Fix: fix})
}

func (s *sharedReader) step(field string, one step) slo.Tier {
	seconds, err := strconv.Atoi(string(one.Window))
	window := time.Duration(seconds) * time.Second
	switch {
	case err != nil || seconds < 60:
		s.warn(field+".window", fmt.Sprintf("%q is not a number of seconds, at least 60", one.Window), "write 3600 for an hour")
	case seconds > int(slo.MaxRolling/time.Second):
		s.warn(field+".window", fmt.Sprintf("%d seconds are longer than the %s that this version keeps", seconds, slo.FormatDuration(slo.MaxRolling)), "shorten it, or remove the step")
	}
	factor, err := strconv.ParseFloat(string(one.Threshold), 64)
	if err != nil || !(factor > 0 && factor <= math.MaxFloat64) {
		s.warn(field+".burn_rate_threshold", fmt.Sprintf("%q is not a burn rate above 0", one.Threshold), "write a number such as 9")
	}
	name := tierName(string(one.Name))
	if name == "" {
		s.warn(field+".name", fmt.Sprintf("%q has neither letters nor digits", one.Name), "write a name such as 1 hour")
	}
	return tier(name, one.Alert, factor, window)
}
