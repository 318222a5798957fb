package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// writeBackends shows the servers that SLOs are read from, and under each what
// is not as it should be, and the pasts that are not read yet.
func writeBackends(std streams, backends []apitypes.Backend) error {
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "BACKEND\tLANGUAGE\tURL\tCLOCK\tMOST QUERIES\tPOLLS\tPAST")
	if len(backends) == 0 {
		fmt.Fprintln(std.err, "no SLO is read from a server")
	}
	for _, b := range backends {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", b.Name, b.Language, b.URL,
			clock(b.ClockAhead), perSecond(b.MaxQueriesPerSecond), pollsOf(b), pastsOf(b))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, b := range backends {
		for _, line := range troubles(b) {
			fmt.Fprintf(std.out, "%s: %s\n", b.Name, line)
		}
	}
	return nil
}

// troubles are what a person should know of a backend.
func troubles(b apitypes.Backend) (lines []string) {
	for _, p := range b.Polls {
		if p.Problem != "" {
			lines = append(lines, p.Problem+", for "+strings.Join(p.SLOs, " "))
		}
	}
	for _, p := range b.Pasts {
		text := readingThePast(&p.Backfill)
		switch {
		case text == "" && p.Problem == "":
			continue
		case text == "":
			text = "its past is read"
		case !p.Reached.IsZero():
			text += ", back to " + p.Reached.UTC().Format("2006-01-02 15:04")
		}
		if p.Problem != "" {
			text += ": " + p.Problem
		}
		lines = append(lines, p.SLOID+" "+text)
	}
	return lines
}

// readingThePast says how far it is; empty when it is done.
func readingThePast(b *apitypes.Backfill) string {
	switch {
	case b == nil || b.State == "done":
		return ""
	case b.State == "failed":
		return "its past cannot be read"
	}
	return "reading the past: " + share(b.Share, 0)
}

// clock is by how much a server's is ahead.
func clock(ahead *float64) string {
	if ahead == nil {
		return "-"
	}
	d := time.Duration(*ahead * float64(time.Second)).Round(100 * time.Millisecond)
	switch {
	case d > 0:
		return "+" + d.String()
	case d < 0:
		return d.String()
	}
	return "like ours"
}

func perSecond(f *float64) string {
	if f == nil {
		return "-"
	}
	return strconv.FormatFloat(*f, 'g', -1, 64) + "/s"
}

func pollsOf(b apitypes.Backend) string {
	failing := 0
	for _, p := range b.Polls {
		if p.Problem != "" {
			failing++
		}
	}
	return withOdd(len(b.Polls), failing, "failing")
}

func pastsOf(b apitypes.Backend) string {
	if len(b.Pasts) == 0 {
		return "-"
	}
	done := 0
	for _, p := range b.Pasts {
		if p.State == "done" {
			done++
		}
	}
	return fmt.Sprintf("%d of %d read", done, len(b.Pasts))
}

// withOdd is a number, and how many of them are odd.
func withOdd(all, odd int, how string) string {
	if odd == 0 {
		return strconv.Itoa(all)
	}
	return fmt.Sprintf("%d, %d %s", all, odd, how)
}
