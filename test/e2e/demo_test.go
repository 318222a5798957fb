package e2e

import (
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
)

// The demo is the whole story in one process: traffic, a broken release, the
// page and its delivery, the rollback, the resolve, and books that agree. It
// takes some eighty seconds, which -short leaves out.
func TestDemo(t *testing.T) {
	if testing.Short() {
		return
	}
	t.Parallel()
	p := lab.Start(t, lab.Cmd{Name: buildEngine(t), Args: []string{"demo", "--no-color", "--for", "5m"}, Dir: t.TempDir()})
	wantExit(t, p, 0, "The loop closed: paged, delivered, rolled back, resolved, and every event counted.")
	if strings.Contains(p.Output(), "DIFFERENT") {
		t.Errorf("the books differ:\n%s", p.Output())
	}
}
