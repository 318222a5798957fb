package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Later is the type of fields that a later version will have: their name is
// known, their use is refused.
type Later struct{}

// UnmarshalValue reports that the field is not supported.
func (*Later) UnmarshalValue(v Value) { v.Report(NotSupported, "remove it") }

// NotSupported is the message for what the design knows and this version
// does not.
const NotSupported = "is not supported by this version"

// Number returns the text of a bare YAML number, as it was written.
func (v Value) Number() (text string, ok bool) {
	tag := v.node.ShortTag()
	return v.node.Value, v.node.Kind == yaml.ScalarNode && (tag == "!!int" || tag == "!!float")
}

// String returns the text of a string. It reports what is not one.
func (v Value) String() (text string, ok bool) {
	if !v.isString() {
		v.wrongType("a string")
		return "", false
	}
	return v.node.Value, true
}

// isString: dates are a type of old YAML versions only; to people they are
// text. The same goes for a value of "<<".
func (v Value) isString() bool {
	switch v.node.ShortTag() {
	case "!!str", "!!timestamp", "!!merge":
		return v.node.Kind == yaml.ScalarNode
	}
	return false
}

// setSpecial decodes the types that have a syntax of their own, and reports
// whether target is one.
func (v Value) setSpecial(target reflect.Value) bool {
	switch t := target.Addr().Interface().(type) {
	case *time.Duration:
		v.setDuration(t)
	case yaml.Unmarshaler, interface{ UnmarshalYAML(func(any) error) error }:
		v.setForeign(t, target.Kind() == reflect.String)
	case encoding.TextUnmarshaler:
		v.setText(t)
	default:
		return false
	}
	return true
}

// belowMillisecond reads what Prometheus's syntax has no unit for: 1.5ms, 250us.
func belowMillisecond(text string) (d time.Duration, ok bool) {
	d, err := time.ParseDuration(text)
	return d, err == nil && d > 0 && d%time.Millisecond != 0
}

func (v Value) setDuration(target *time.Duration) {
	const example = "write a number with a unit, such as 30s, 5m, 1h30m or 30d"
	if !v.isString() && v.node.Value != "0" {
		v.Report("must be a duration, not "+describe(v.node), example)
		return
	}
	d, err := model.ParseDuration(v.node.Value)
	if short, ok := belowMillisecond(v.node.Value); ok {
		d, err = model.Duration(short), nil
	}
	if err != nil {
		v.Report(fmt.Sprintf("%q is not a duration", v.node.Value), example)
		return
	}
	*target = time.Duration(d)
}

// setForeign lets a type of another module decode itself. Its errors may
// quote the value, so strings with a type of their own, which are secrets,
// are checked before.
func (v Value) setForeign(target any, isString bool) {
	if isString && !v.isString() {
		v.wrongType("a string in quotes")
		return
	}
	err := v.node.Decode(target)
	var notURL *url.Error
	switch {
	case errors.As(err, &notURL): // which would show its password
		v.Report("is not a URL", "")
	case err != nil:
		v.Report(strings.TrimPrefix(err.Error(), "yaml: "), "")
	}
}

func (v Value) setText(target encoding.TextUnmarshaler) {
	text, ok := v.String()
	if !ok {
		return
	}
	if err := target.UnmarshalText([]byte(text)); err != nil {
		v.Report(err.Error(), "")
	}
}

func (v Value) setScalar(target reflect.Value) {
	switch kind := target.Kind(); {
	case kind == reflect.String:
		if text, ok := v.String(); ok {
			target.SetString(text)
		}
	case kind == reflect.Bool:
		v.setTagged(target, "true or false", "!!bool")
	case target.CanInt():
		v.setTagged(target, "a whole number", "!!int")
	case target.CanFloat():
		v.setTagged(target, "a number", "!!int", "!!float")
	case kind == reflect.Interface:
		v.setForeign(target.Addr().Interface(), false)
	default:
		panic(fmt.Sprintf("strictyaml: cannot decode into %s", target.Type()))
	}
}

// setTagged decodes a scalar of one of the given YAML types.
func (v Value) setTagged(target reflect.Value, want string, tags ...string) {
	if v.node.Kind == yaml.ScalarNode {
		for _, tag := range tags {
			if v.node.ShortTag() == tag && v.node.Decode(target.Addr().Interface()) == nil {
				return
			}
		}
	}
	v.wrongType(want)
}

// wrongType says what should be here. It does not show the value, which may
// be a secret.
func (v Value) wrongType(want string) {
	fix := ""
	if want == "a string" && v.node.Kind == yaml.ScalarNode {
		fix = "put it in quotes"
	}
	v.Report(fmt.Sprintf("must be %s, not %s", want, describe(v.node)), fix)
}

// describe names a node's type in words.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	words := map[string]string{
		"!!str": "a string", "!!int": "a number", "!!float": "a number",
		"!!bool": "true or false", "!!null": "nothing", "!!timestamp": "a date",
	}
	if word, ok := words[n.ShortTag()]; ok {
		return word
	}
	return "a value tagged " + n.ShortTag()
}
