package syncwindow

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// mark is what a window's description begins with when an engine made it:
//
//	slo-engine checkout/prod deny until 2026-11-22T14:05Z 6f1c09d2: …
type mark struct {
	owner, key string
	decision   slo.GateDecision
	until      time.Time // when it ends, to the minute
	print      string    // of the window's other fields
}

const toMinutes = "2006-01-02T15:04Z"

func (m mark) String() string {
	return fmt.Sprintf("%s %s %s until %s %s:", m.owner, m.key, m.decision, m.until.UTC().Format(toMinutes), m.print)
}

// parseMark reads a mark. Anything else is the description of somebody else's.
func parseMark(description string) (mark, bool) {
	head, _, found := strings.Cut(description, ": ")
	words := strings.Fields(head)
	if !found || len(words) != 6 || words[3] != "until" {
		return mark{}, false
	}
	until, err := time.Parse(toMinutes, words[4])
	m := mark{owner: words[0], key: words[1], decision: slo.GateDecision(words[2]), until: until, print: words[5]}
	return m, err == nil && owners.MatchString(m.owner)
}

// printOf is the print of a window's fields but the description. Whatever is empty
// is as if it was not there: so Argo CD has it when it writes a project.
func printOf(window map[string]any) string {
	fields := map[string]any{}
	for k, v := range window {
		if k != "description" && !isEmpty(v) {
			fields[k] = v
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return "" // JSON came in, so JSON goes out
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:4])
}

func isEmpty(v any) bool {
	list, ok := v.([]any)
	return ok && len(list) == 0 || v == nil || reflect.ValueOf(v).IsZero()
}
