package dialects

import (
	"path/filepath"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
)

// TestRulesOfTheExamplesAreSound: a Prometheus takes rules/examples. Its lint
// would take alerts of one name, such as those of two severities, for twins.
func TestRulesOfTheExamplesAreSound(t *testing.T) {
	files, err := filepath.Glob("../../rules/examples/*.yml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files of rules, there are more: %v", len(files), err)
	}
	lab.Run(t, "promtool", append([]string{"check", "rules", "--lint=none"}, files...)...)
}
