package sli

import (
	"fmt"
	"reflect"

	"github.com/cespare/xxhash/v2"

	"github.com/slo-engine/slo-engine/internal/wire"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// fingerprint stands for the events that an SLO counts: two specs with the
// same one count the same events in the same instances, so what was counted
// for one is good for the other. Over which windows, against which objective,
// and who is told is no part of it. It is kept on disk. What a spec does not
// say is no part of it either, or a version with one more field would know none
// of them.
func fingerprint(s *slo.Spec) uint64 { return xxhash.Sum64(eventsOf(s)) }

// printedWithWindow is the fingerprint as version 2 of the state has it: an
// SLO with another window was another one.
func printedWithWindow(s *slo.Spec) uint64 {
	w := eventsOf(s)
	w.String(s.Window.String())
	return xxhash.Sum64(w)
}

// eventsOf writes what says which events count.
func eventsOf(s *slo.Spec) (w wire.Writer) {
	say(&w, reflect.ValueOf(s.SLI))
	for _, label := range s.GroupBy {
		w.String(label)
	}
	if s.Budgeting != (slo.Budgeting{}) {
		say(&w, reflect.ValueOf(s.Budgeting))
	}
	if s.Composite != nil {
		say(&w, reflect.ValueOf(s.Composite))
	}
	return w
}

// counts reports whether a fingerprint that was kept is the program's.
func (p *program) counts(print uint64) bool {
	return p.fingerprint == print || printedWithWindow(p.Spec) == print
}

// say writes what is said: the fields that are not zero, by name.
func say(w *wire.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		say(w, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				w.String(v.Type().Field(i).Name)
				say(w, v.Field(i))
			}
		}
		w.String("")
	default:
		w.String(fmt.Sprint(v.Interface()))
	}
}
