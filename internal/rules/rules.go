// Package rules says SLOs as Prometheus recording and alerting rules. Each
// dialect, in a package of its own below, is a set of names and expressions
// that dashboards and people know.
package rules

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Group is a rule group.
type Group struct {
	Name string
	// Interval is the time between evaluations; 0: Prometheus's own.
	Interval time.Duration
	Rules    []Rule
}

// Rule is a recording rule, or an alerting rule when Alert is set.
type Rule struct {
	Record, Alert string
	Expr          string
	// For is how long an alert waits; 0: it does not.
	For                 time.Duration
	Labels, Annotations map[string]string
}

// Dialect turns SLOs into groups of rules, in the order of the SLOs. Problems
// of Severity Error name an SLO that the dialect cannot say, which is left out;
// warnings say what it cannot say of one.
type Dialect func(specs []*slo.Spec) ([]Group, []slo.Problem)
