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
// for one is good for the other. It is kept on disk. What a spec does not say
// is no part of it, or a version with one more field would know none of them.
func fingerprint(s *slo.Spec) uint64 {
	var w wire.Writer
	say(&w, reflect.ValueOf(s.SLI))
	for _, label := range s.GroupBy {
		w.String(label)
	}
	w.String(s.Window.String())
	return xxhash.Sum64(w)
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
