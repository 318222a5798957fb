package openslo

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// number keeps the text, for 0.999 is not exactly a float.
type number struct {
	text  string
	value float64
}

// UnmarshalValue reads a bare number.
func (n *number) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.Number()
	if v.Decode(&n.value); !ok {
		return // reported
	}
	if math.IsNaN(n.value) || math.IsInf(n.value, 0) {
		v.Report("must be a finite number", "write a number, or remove it")
		return
	}
	n.text = text
}

var plain = regexp.MustCompile(`^(\d+(\.\d*)?|\.\d+)$`)

// decimal is the number without an exponent.
func (n *number) decimal() string {
	if plain.MatchString(n.text) {
		return n.text
	}
	return strconv.FormatFloat(n.value, 'f', -1, 64)
}

// duration is one as it is written. Empty: there is none.
type duration struct {
	text string
	bare bool // a number without a unit
}

// UnmarshalValue reads text or a number; what it means is found out later.
func (d *duration) UnmarshalValue(v strictyaml.Value) {
	if text, ok := v.Number(); ok {
		*d = duration{text, true}
	} else if text, ok := v.String(); ok {
		*d = duration{text: text}
	}
}

const day = 24 * time.Hour

// units are those of the format; a month, a quarter and a year are nominal.
var units = map[byte]time.Duration{
	'm': time.Minute, 'h': time.Hour, 'd': day, 'w': 7 * day, 'M': 30 * day, 'Q': 90 * day, 'Y': 365 * day,
}

var shorthand = regexp.MustCompile(`^(\d+)([mhdwMQY])$`)

// parts are the number and the unit of a shorthand such as 4w.
func (d duration) parts() (n int64, unit byte, ok bool) {
	found := shorthand.FindStringSubmatch(d.text)
	if found == nil {
		return 0, 0, false
	}
	n, err := strconv.ParseInt(found[1], 10, 64)
	return n, found[2][0], err == nil
}

// length is how long it is; known tells whether the format has such a text.
// Others are read as Prometheus reads them: 1h30m.
func (d duration) length() (length time.Duration, known, ok bool) {
	if n, unit, ok := d.parts(); ok {
		if n > int64(math.MaxInt64/units[unit]) {
			return 0, true, false
		}
		return time.Duration(n) * units[unit], true, true
	}
	length, err := slo.ParseDuration(d.text)
	return length, false, err == nil && !d.bare
}

// label has one or several values, which are joined by commas.
type label struct {
	text    string
	several bool
}

// UnmarshalValue reads a string or a list of strings.
func (l *label) UnmarshalValue(v strictyaml.Value) {
	var what any
	if v.Decode(&what); reflect.TypeOf(what) != reflect.TypeFor[[]any]() {
		v.Decode(&l.text)
		return
	}
	var all []string
	v.Decode(&all)
	*l = label{strings.Join(all, ","), true}
}

// query is the free part of a metric's source, of which the query counts.
type query struct {
	text   string
	has    bool
	fields int
}

// UnmarshalValue reads the query, and anything beside it.
func (q *query) UnmarshalValue(v strictyaml.Value) {
	var fields struct {
		Query *string             `yaml:"query"`
		Other map[string]anything `yaml:",inline"`
	}
	v.Decode(&fields)
	q.fields = len(fields.Other)
	if fields.Query != nil {
		*q = query{strings.TrimSpace(*fields.Query), true, q.fields + 1}
	}
}

// anything is there; what it is, is of no matter.
type anything struct{}

// UnmarshalValue takes anything.
func (*anything) UnmarshalValue(strictyaml.Value) {}
