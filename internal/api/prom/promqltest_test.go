package prom

import (
	"testing"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// Prometheus's own tests of its language, on the engine as we set it up, and
// with the one feature that they want and that a Prometheus has switched off.
func TestTheLanguageIsPromQL(t *testing.T) {
	options := languageOf(Options{}.withDefaults(), nil)
	options.EnableDelayedNameRemoval = true
	promqltest.RunBuiltinTests(t, promql.NewEngine(options))
}
