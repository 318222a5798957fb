package report

import (
	"fmt"
	"os"
	"strings"
)

// Table writes rows as a markdown table.
func Table(rows []Row) string {
	var b strings.Builder
	b.WriteString("| what | target | slo-engine | beside it | result | met |\n|---|---|---|---|---|---|\n")
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.What, dash(r.Target), r.Ours, dash(r.Peer), dash(r.Result), dash(r.Met))
	}
	return b.String()
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

// The lines between which a document keeps the table.
const (
	begin = "<!-- table:begin -->"
	end   = "<!-- table:end -->"
)

// Insert replaces what stands between the markers of a file.
func Insert(path, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	before, rest, found := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("insert the table into %s: it needs the lines %s and %s", path, begin, end)
	}
	text = before + begin + "\n" + strings.TrimSpace(text) + "\n" + end + after
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
