package remediation_test

import (
	"os"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The playbooks of the documentation are sound.
func TestDocumentedPlaybooks(t *testing.T) {
	text, err := os.ReadFile("../../docs/remediation.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
		document, _, _ := strings.Cut(block, "```")
		if !strings.Contains(document, "kind: Remediation") {
			continue
		}
		found++
		var list []*slo.Remediation
		_, problems := slo.Loader{Remediations: &list}.Load(slo.File{Name: "docs/remediation.md", Data: []byte(document)})
		for _, p := range problems {
			if p.Severity == slo.Error {
				t.Error(p)
			}
		}
	}
	if found < 2 {
		t.Errorf("found %d playbooks", found)
	}
}
