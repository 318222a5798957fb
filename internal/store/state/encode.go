package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// encode is v as a body. Values of gateways keep their bytes: < stays <.
func encode(v any) (string, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", fmt.Errorf("write as JSON: %w", err)
	}
	return strings.ToValidUTF8(strings.TrimSuffix(b.String(), "\n"), "\ufffd"), nil
}

func decode[T any](body string) (v T, err error) {
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		return v, fmt.Errorf("%w: read a row: %w", ErrDamaged, err)
	}
	return v, nil
}

// text is what a column takes of s: PostgreSQL knows no zero bytes and no
// broken letters. The body has what there was.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\ufffd"), "\ufffd")
}

// exact is a time as it is stored.
func exact(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

func micros(t time.Time) int64 { return t.UnixMicro() }

// stored is a record as Get will return it, and its body.
func stored(r remediation.Record) (remediation.Record, string, error) {
	exactly(reflect.ValueOf(&r).Elem())
	body, err := encode(r)
	if err != nil {
		return r, "", err
	}
	r, err = decode[remediation.Record](body)
	return r, body, err
}

// exactly makes all times in a struct, and in those within it, exact.
func exactly(v reflect.Value) {
	for _, field := range v.Fields() {
		if t, ok := field.Addr().Interface().(*time.Time); ok {
			*t = exact(*t)
		} else if field.Kind() == reflect.Struct {
			exactly(field)
		}
	}
}
