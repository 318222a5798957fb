package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// tame takes the control characters out of what strangers wrote: a terminal
// would obey them.
func tame(text string) string {
	return strings.Map(func(c rune) rune {
		if c != '\n' && !unicode.IsPrint(c) {
			return unicode.ReplacementChar
		}
		return c
	}, text)
}

// cell is text for a table, in which tabs and newlines mean something.
func cell(text string) string {
	return tame(strings.NewReplacer("\n", " ", "\t", " ").Replace(text))
}

// columns writes rows as a table.
func columns(b *strings.Builder, rows ...[]string) {
	var padded strings.Builder
	table := tabwriter.NewWriter(&padded, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, text := range row {
			row[i] = cell(text)
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush() // a Builder takes everything
	for line := range strings.Lines(padded.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
}

func actionsTable(actions []apitypes.Action, now time.Time) string {
	rows := [][]string{{"ID", "STATE", "REASON", "SERVICE", "WHAT", "TARGET", "SINCE", "EXPIRES"}}
	for _, a := range actions {
		rows = append(rows, []string{
			a.ID, state(a), a.Reason, a.Service, a.What, target(a), ago(a.EnteredAt, now), left(a.ExpiresAt, now),
		})
	}
	var b strings.Builder
	columns(&b, rows...)
	return b.String()
}

// state is that of an action, with what a person must not overlook.
func state(a apitypes.Action) string {
	text := a.State
	if a.Escalated {
		text += "!"
	}
	return text
}

func target(a apitypes.Action) string {
	if a.Gateway == "" {
		return a.Target
	}
	return a.Gateway + " " + a.Target
}

func ago(t apitypes.Time, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return coarse(now.Sub(t.Time))
}

func left(t apitypes.Time, now time.Time) string {
	switch {
	case t.IsZero():
		return "-"
	case t.Before(now):
		return "now"
	}
	return "in " + coarse(t.Sub(now))
}

// coarse is a duration as exact as people want it.
func coarse(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

func moment(t apitypes.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// actionText is one action as people read it.
func actionText(d apitypes.ActionDetail, now time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s\n", cell(d.ID), d.State, d.Reason)
	if d.Escalated {
		b.WriteString("People were called.\n")
	}
	if d.Note != "" {
		fmt.Fprintf(&b, "%s\n", cell(d.Note))
	}
	b.WriteString("\n")
	columns(&b, particulars(d.Action, now)...)
	writeEvidence(&b, d.Evidence)
	writePlan(&b, d.Plan, "What is sent", "What takes it back", "")
	writeGuarantees(&b, d.Guarantees, "")
	writeTimeline(&b, d.Timeline)
	return b.String()
}

func particulars(a apitypes.Action, now time.Time) (rows [][]string) {
	add := func(name, text string) {
		if text != "" {
			rows = append(rows, []string{"  " + name, text})
		}
	}
	add("does", a.What)
	add("at", cmp.Or(a.Gateway, a.GatewayKind)+", target "+a.Target)
	add("because of", because(a))
	add("by", fmt.Sprintf("playbook %s, action %d", a.Playbook, a.Step+1))
	if a.DryRun {
		add("dry run", "nothing is written")
	}
	add("since", moment(a.EnteredAt)+" ("+ago(a.EnteredAt, now)+")")
	if !a.ExpiresAt.IsZero() {
		add("expires", moment(a.ExpiresAt)+" ("+left(a.ExpiresAt, now)+")")
	}
	add("effect", a.Effect)
	if a.SavedEvents != nil {
		add("has spared", "about "+strconv.FormatFloat(*a.SavedEvents, 'f', 0, 64)+" bad events")
	}
	add("answered by", a.AnsweredBy)
	add("undo asked by", a.UndoAskedBy)
	return rows
}

// because names the alert that started an action.
func because(a apitypes.Action) string {
	text := "an alert of " + a.Service
	if a.SLOID != "" {
		text = a.SLOID
	}
	if a.Tier != "" {
		text += ", tier " + a.Tier
	}
	if a.Severity != "" {
		text += ", " + a.Severity
	}
	return text + ", since " + moment(a.AlertSince)
}

func writeEvidence(b *strings.Builder, e *apitypes.Evidence) {
	if e == nil || e.TotalEvents == nil {
		return
	}
	b.WriteString("\nIt was decided on\n")
	fmt.Fprintf(b, "  %s", badOf(e.BadEvents, e.TotalEvents))
	if e.Window != nil {
		fmt.Fprintf(b, " in %ss", number(e.Window))
	}
	if e.BurnRate != nil {
		fmt.Fprintf(b, ": burn rate %s", number(e.BurnRate))
	}
	b.WriteString("\n")
	for _, m := range e.Members {
		fmt.Fprintf(b, "  %s: %s\n", cell(m.Name), badOf(m.BadEvents, m.TotalEvents))
	}
	if e.PredictedBurnRate != nil {
		fmt.Fprintf(b, "  predicted after it: burn rate %s\n", number(e.PredictedBurnRate))
	}
}

func badOf(bad, total *float64) string { return number(bad) + " of " + number(total) + " events bad" }

func number(f *float64) string {
	if f == nil {
		return "-"
	}
	return strconv.FormatFloat(*f, 'g', 6, 64)
}

// writePlan writes what is sent and what takes it back, each line after indent.
func writePlan(b *strings.Builder, p *apitypes.Plan, sent, undo, indent string) {
	if p == nil {
		return
	}
	writeRequests(b, sent, p.Requests, indent)
	writeRequests(b, undo, p.Undo, indent)
	if len(p.Members) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%sTraffic\n", indent)
	rows := [][]string{}
	for _, m := range p.Members {
		health := ""
		if m.Healthy != nil && !*m.Healthy {
			health = "not healthy"
		}
		rows = append(rows, []string{indent + "  " + m.Name, share(m.ShareBefore, 1) + " to " + share(m.ShareAfter, 1), health})
	}
	columns(b, rows...)
}

func writeRequests(b *strings.Builder, title string, requests []apitypes.Request, indent string) {
	fmt.Fprintf(b, "\n%s%s\n", indent, title)
	if len(requests) == 0 {
		fmt.Fprintf(b, "%s  nothing\n", indent)
	}
	for _, r := range requests {
		fmt.Fprintf(b, "%s  %s\n", indent, cell(r.Line))
		for _, h := range r.Headers {
			fmt.Fprintf(b, "%s    %s\n", indent, cell(h))
		}
		for line := range strings.Lines(r.Body) {
			fmt.Fprintf(b, "%s    %s\n", indent, cell(strings.TrimSuffix(line, "\n")))
		}
	}
}

func writeGuarantees(b *strings.Builder, g *apitypes.Guarantees, indent string) {
	if g == nil {
		return
	}
	fmt.Fprintf(b, "\n%sThe gateway\n", indent)
	say := func(yes bool, is, isNot string) {
		if !yes {
			is = isNot
		}
		if is != "" {
			fmt.Fprintf(b, "%s  %s\n", indent, is)
		}
	}
	say(g.Precondition == "compare", "refuses a write over another value", "has no precondition: it is read right before each write, and after it")
	say(g.Window != "", "may lose the write of somebody else: "+cell(g.Window), "")
	say(g.Expires, "takes the change back by itself when the engine is gone", "keeps the change when the engine is gone; the next engine undoes it")
	say(g.Survives, "keeps the change when it restarts itself", "forgets the change when it restarts itself")
	say(g.Fenced, "refuses an engine that does not lead any more", "")
}

// writeTimeline writes the audit of an action, with the time since its begin.
func writeTimeline(b *strings.Builder, timeline []apitypes.Deed) {
	if len(timeline) == 0 {
		return
	}
	fmt.Fprintf(b, "\nTimeline of %s\n", timeline[0].At.UTC().Format("2006-01-02"))
	rows, details := [][]string{}, make([]string, len(timeline))
	for i, d := range timeline {
		who := d.Who
		if who == "slo-engine" {
			who = ""
		}
		after := d.At.Sub(timeline[0].At.Time).Round(time.Millisecond)
		rows = append(rows, []string{"  " + d.At.UTC().Format("15:04:05.000"), "+" + after.String(), d.What, d.Reason, who})
		details[i] = detailsOf(d)
	}
	var table strings.Builder
	columns(&table, rows...)
	i := 0
	for line := range strings.Lines(table.String()) {
		b.WriteString(line + details[i])
		i++
	}
}

// detailsOf are the words and messages of a deed, each a line.
func detailsOf(d apitypes.Deed) string {
	var data struct {
		Note, Answer, Error string
		Requests            []apitypes.Request
	}
	if json.Unmarshal(d.Data, &data) != nil {
		return "" // of another form: -o json shows it
	}
	var b strings.Builder
	line := func(mark, text string) {
		if text != "" {
			fmt.Fprintf(&b, "      %s %s\n", mark, cell(text))
		}
	}
	if d.What != "wrote" {
		data.Requests = nil // of a plan: they were not sent
	}
	for _, r := range data.Requests {
		line(">", strings.TrimSpace(strings.Join(append([]string{r.Line}, append(r.Headers, r.Body)...), " ")))
	}
	line("<", data.Answer)
	line("!", data.Error)
	line("#", data.Note)
	return b.String()
}
