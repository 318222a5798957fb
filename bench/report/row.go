package report

import (
	"fmt"
	"math"
	"strings"
)

// Row is one line of the table.
type Row struct {
	What   string
	Target string // in words; empty: none was set
	Ours   string
	Peer   string // with its name
	// Result is what the target speaks of: a ratio, or a figure of ours.
	Result string
	// Met is "yes", "no", or empty where there is no target or no result.
	Met string
}

// Goal is what a result has to be.
type Goal struct {
	least bool
	limit float64
	text  string
}

// AtLeast wants a result of at least v.
func AtLeast(v float64, unit Unit) Goal { return Goal{true, v, "≥ " + plain(unit(v))} }

// AtMost wants a result of at most v.
func AtMost(v float64, unit Unit) Goal { return Goal{false, v, "≤ " + plain(unit(v))} }

// plain leaves out the zeros that a limit does not need: 10.0x is 10x.
func plain(text string) string {
	end := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789.,", r) })
	if end < 0 {
		end = len(text)
	}
	number := text[:end]
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + text[end:]
}

// None is for what is shown beside others, without a target.
var None = Goal{}

// Named says what the goal's number is: "≥ 10x less".
func (g Goal) Named(words string) Goal {
	g.text = fmt.Sprintf("%s %s", g.text, words)
	return g
}

// verdict is empty where there was nothing to judge.
func (g Goal) verdict(v float64) string {
	switch {
	case g.text == "" || math.IsNaN(v):
		return ""
	case g.least == (v >= g.limit) || v == g.limit:
		return "yes"
	}
	return "no"
}

// Compared is a row that judges by how many times more the peer needs.
func Compared(what string, goal Goal, ours Figure, peerName string, peer Figure, unit Unit) Row {
	ratio := peer.Least() / ours.Least()
	return Row{
		What: what, Target: goal.text, Ours: ours.Text(unit), Peer: peerName + ": " + peer.Text(unit),
		Result: known(Times, ratio), Met: goal.verdict(ratio),
	}
}

// Multiple is a row that judges by how many times more we need.
func Multiple(what string, goal Goal, ours Figure, otherName string, other Figure, unit Unit) Row {
	row := Compared(what, goal, ours, otherName, other, unit)
	ratio := ours.Least() / other.Least()
	row.Result, row.Met = known(Times, ratio), goal.verdict(ratio)
	return row
}

// Alone is a row that judges our figure by itself.
func Alone(what string, goal Goal, ours Figure, unit Unit) Row {
	return Row{What: what, Target: goal.text, Ours: ours.Text(unit), Result: known(unit, ours.Least()), Met: goal.verdict(ours.Least())}
}

// known writes a result, or nothing where there is none.
func known(unit Unit, v float64) string {
	if math.IsNaN(v) {
		return ""
	}
	return unit(v)
}

// Unknown is a row whose figure could not be had, and why.
func Unknown(what string, goal Goal, why string) Row {
	return Row{What: what, Target: goal.text, Ours: why}
}
