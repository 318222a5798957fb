package sloth

import (
	"strconv"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// text is a string that people forget to quote: Sloth takes 0.5 and true for
// texts where it wants one, in the form in which JSON writes them.
type text string

// UnmarshalValue takes strings, numbers, true and false.
func (t *text) UnmarshalValue(v strictyaml.Value) {
	var value any
	if v.Decode(&value); plain(value) != "" {
		*t = text(plain(value))
		return
	}
	if s, ok := v.String(); ok {
		*t = text(s)
	}
}

// plain writes a number or a truth as text; empty: it is something else.
func plain(value any) string {
	switch v := value.(type) {
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

// texts are labels or annotations.
type texts map[string]string

// UnmarshalValue reads each as a text.
func (t *texts) UnmarshalValue(v strictyaml.Value) {
	var read map[string]text
	v.Decode(&read)
	for name, value := range read {
		if *t == nil {
			*t = texts{}
		}
		(*t)[name] = string(value)
	}
}
