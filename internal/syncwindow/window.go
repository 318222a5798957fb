package syncwindow

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// early is how long before it is written a window begins: the clock of who reads it
// may be behind, and a window is not open in its very first moment.
const early = 5 * time.Minute

// found is a window of ours in the project.
type found struct {
	index  int // in spec.syncWindows
	fields map[string]any
	mark   mark
	edited bool // somebody has changed it since
}

// ownWindows are those that bear the owner's mark, in their order.
func ownWindows(owner string, windows []any) []found {
	var own []found
	for i, w := range windows {
		window, _ := w.(map[string]any)
		description, _ := window["description"].(string)
		if m, ok := parseMark(description); ok && m.owner == owner {
			own = append(own, found{index: i, fields: window, mark: m, edited: m.print != printOf(window)})
		}
	}
	return own
}

// render makes a window, as the API server will have it: numbers and strings, and
// lists of any.
func (r *Reconciler) render(w Window, d slo.GateDecision, why string, now time.Time) map[string]any {
	start := now.UTC().Truncate(time.Minute).Add(-early)
	window := map[string]any{
		"kind": "deny", "applications": anys(w.sorted()), "timeZone": "UTC",
		"schedule": fmt.Sprintf("%d %d %d %d *", start.Minute(), start.Hour(), start.Day(), start.Month()),
		"duration": (r.config.Lease + early).String(),
	}
	if d == slo.GateHold {
		window["manualSync"] = true
	}
	m := mark{owner: r.config.Owner, key: w.key(), decision: d, until: start.Add(early + r.config.Lease), print: printOf(window)}
	window["description"] = shorten(m.String()+" "+oneLine(why), mostDescription)
	return window
}

// matches says whether a window of ours is the one that is wanted, for all but the
// time and the words.
func (r *Reconciler) matches(window map[string]any, w Window, d slo.GateDecision) bool {
	return printOf(timeless(window)) == printOf(timeless(r.render(w, d, "", time.Time{})))
}

// timeless is a window without what says when.
func timeless(window map[string]any) map[string]any {
	rest := map[string]any{}
	for k, v := range window {
		if k != "schedule" && k != "duration" {
			rest[k] = v
		}
	}
	return rest
}

// oneLine is a text without line breaks.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// shorten cuts a text to some bytes, between two characters.
func shorten(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	const more = "…"
	text = text[:bytes-len(more)]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text + more
}

func anys(texts []string) []any {
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}
