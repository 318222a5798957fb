package haproxy

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// entryTarget is the entry of a key in a map file: a string, or null while there
// is none. A key that stands there more than once has a list, which is nothing
// that an action writes.
type entryTarget struct {
	a         *Actuator
	file, key string
}

func (t entryTarget) name() string { return "map " + t.file + " " + t.key }

func (t entryTarget) read(ctx context.Context) (l actuator.Live, err error) {
	answer, err := t.a.ask(ctx, "show map "+t.file)
	if err != nil {
		return l, err
	}
	switch {
	case strings.HasPrefix(answer, "Unknown map"):
		return l, fmt.Errorf("read map %s of %s: %w: HAProxy's configuration names no such file", t.file, t.a.c.Name(), actuator.ErrMissing)
	case strings.HasPrefix(answer, "Permission denied"):
		return l, fmt.Errorf("read map %s of %s: %w: the socket wants `level admin`", t.file, t.a.c.Name(), actuator.ErrRefused)
	}
	l.Value, err = actuator.Canonical(entryOf(answer, t.key))
	return l, err
}

// entryOf finds a key among lines of "address key value".
func entryOf(answer, key string) any {
	var found []string
	for line := range strings.Lines(answer) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if value, ours := strings.CutPrefix(rest, key+" "); ours {
			found = append(found, value)
		}
	}
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	return found
}

// commands add, set or remove the entry.
func (t entryTarget) commands(from, to actuator.Value) ([]string, error) {
	at := t.file + " " + t.key
	if actuator.Same(to, actuator.Absent) {
		return []string{"del map " + at}, nil
	}
	var text string
	if err := json.Unmarshal(to, &text); err != nil || !word.MatchString(text) {
		return nil, fmt.Errorf("set %s: %w: %s is not a word", t.name(), actuator.ErrRefused, to)
	}
	if actuator.Same(from, actuator.Absent) {
		return []string{"add map " + at + " " + text}, nil
	}
	return []string{"set map " + at + " " + text}, nil
}
