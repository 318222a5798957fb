package strictyaml

import (
	"reflect"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Decode fills into, a pointer to a struct, and returns everything that is
// wrong, in the order of the file. Fields that are absent or null keep the
// values they had: set defaults before. Where there is a problem the field
// keeps its value too.
func (d *Document) Decode(into any) Problems {
	r := &run{offset: d.offset}
	Value{node: d.root, line: d.first, run: r}.Decode(into)
	r.problems.Sort()
	return r.problems
}

// UnknownField is the message about a field that nobody knows.
const UnknownField = "unknown field"

// run is one decoding.
type run struct {
	problems Problems
	offset   int
}

// Value is one place of a document that is being decoded.
type Value struct {
	node *yaml.Node
	path string
	line int
	run  *run
}

// Unmarshaler is a type that decodes itself. It reports problems at v and
// leaves itself as it was when there are any.
type Unmarshaler interface{ UnmarshalValue(v Value) }

// Report adds a problem of this value.
func (v Value) Report(message, fix string) {
	v.run.problems = append(v.run.problems, Problem{Line: v.line, Path: v.path, Message: message, Fix: fix})
}

// Decode fills into, a pointer, from this value, as Document.Decode does.
func (v Value) Decode(into any) { v.set(reflect.ValueOf(into).Elem()) }

// IsMapping reports whether the value is a mapping of fields.
func (v Value) IsMapping() bool { return v.node.Kind == yaml.MappingNode }

// IsString reports whether the value is a string.
func (v Value) IsString() bool { return v.isString() }

// child is the value of key, or of an item when key is nil.
func (v Value) child(key, node *yaml.Node, path string) Value {
	line := node.Line
	if key != nil {
		line = key.Line
	}
	return Value{node: node, path: path, line: line + v.run.offset, run: v.run}
}

func (v Value) isNull() bool {
	return v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!null"
}

func (v Value) set(target reflect.Value) {
	if v.isNull() {
		return
	}
	if target.Kind() == reflect.Pointer {
		v.setPointer(target)
		return
	}
	if custom, ok := target.Addr().Interface().(Unmarshaler); ok {
		custom.UnmarshalValue(v)
		return
	}
	switch fields := fieldsOf(target.Type()); {
	case fields != nil:
		v.setStruct(target, fields)
	case v.setSpecial(target):
	case target.Kind() == reflect.Map:
		v.setMap(target)
	case target.Kind() == reflect.Slice:
		v.setSlice(target)
	default:
		v.setScalar(target)
	}
}

// setPointer leaves nil what could not be decoded, except for structs: the
// rest of theirs may be right.
func (v Value) setPointer(target reflect.Value) {
	before := len(v.run.problems)
	fresh := reflect.New(target.Type().Elem())
	v.set(fresh.Elem())
	if len(v.run.problems) == before || (fieldsOf(fresh.Elem().Type()) != nil && v.IsMapping()) {
		target.Set(fresh)
	}
}

func (v Value) setStruct(target reflect.Value, f *fields) {
	if !v.IsMapping() {
		v.wrongType("a mapping of fields")
		return
	}
	found := map[string]Value{}
	v.eachPair(func(name string, at Value) {
		index, known := f.index[name]
		switch {
		case known:
			found[name] = at
			at.set(target.FieldByIndex(index))
		case f.rest != nil:
			at.setEntry(target.FieldByIndex(f.rest), name)
		default:
			at.Report(UnknownField, Suggest(name, f.names))
		}
	})
	for _, name := range f.needed {
		at, ok := found[name]
		if !ok {
			at = Value{path: Key(v.path, name), line: v.line, run: v.run}
		}
		if !ok || at.isNull() {
			at.Report("is missing", "write "+f.example[name])
		}
	}
	v.validate(target)
}

// validate asks a struct that can check itself, as Prometheus's client
// configuration can.
func (v Value) validate(target reflect.Value) {
	checked, ok := target.Addr().Interface().(interface{ Validate() error })
	if !ok || v.run.problems.Cover(v.path) {
		return
	}
	if err := checked.Validate(); err != nil {
		v.Report(err.Error(), "")
	}
}

func (v Value) setMap(target reflect.Value) {
	if !v.IsMapping() {
		v.wrongType("a mapping")
		return
	}
	v.eachPair(func(name string, at Value) { at.setEntry(target, name) })
}

// setEntry decodes one value of a map.
func (v Value) setEntry(target reflect.Value, name string) {
	value := reflect.New(target.Type().Elem()).Elem()
	v.setElement(value)
	if target.IsNil() {
		target.Set(reflect.MakeMap(target.Type()))
	}
	target.SetMapIndex(reflect.ValueOf(name).Convert(target.Type().Key()), value)
}

func (v Value) setSlice(target reflect.Value) {
	if v.node.Kind != yaml.SequenceNode {
		v.wrongType("a list")
		return
	}
	list := reflect.MakeSlice(target.Type(), len(v.node.Content), len(v.node.Content))
	for i, item := range v.node.Content {
		v.child(nil, item, Index(v.path, i)).setElement(list.Index(i))
	}
	target.Set(list)
}

// setElement is set for an entry of a map or list, where null has no default
// to fall back to.
func (v Value) setElement(target reflect.Value) {
	if v.isNull() {
		v.Report("has no value", "write one, or remove the entry")
		return
	}
	v.set(target)
}

// eachPair visits a mapping's fields, without the later ones of duplicates.
func (v Value) eachPair(visit func(name string, at Value)) {
	seen := make(map[string]int, len(v.node.Content)/2)
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, value := v.node.Content[i], v.node.Content[i+1]
		at := v.child(key, value, Key(v.path, key.Value))
		first, duplicate := seen[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			at.Report("a field name must be a string, not "+describe(key), "")
		case duplicate:
			at.Report("is written twice, first in line "+strconv.Itoa(first), "remove one of them")
		default:
			seen[key.Value] = at.line
			visit(key.Value, at)
		}
	}
}

// fields is what tags say about a struct.
type fields struct {
	index   map[string][]int
	names   []string          // in the order of the struct, without Later ones
	needed  []string          // those that must be present
	example map[string]string // what to write for them
	rest    []int             // an inline map that takes all other keys
}

// known caches fields by type; a type's tags never change.
var known sync.Map // reflect.Type → *fields

// fieldsOf returns nil for what is not a struct with tagged fields.
func fieldsOf(t reflect.Type) *fields {
	if t.Kind() != reflect.Struct {
		return nil
	}
	if f, ok := known.Load(t); ok {
		return f.(*fields)
	}
	f := &fields{index: map[string][]int{}, example: map[string]string{}}
	f.collect(t, nil)
	if len(f.index) == 0 && f.rest == nil {
		f = nil
	}
	known.Store(t, f)
	return f
}

func (f *fields) collect(t reflect.Type, prefix []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		at := append(prefix[:len(prefix):len(prefix)], i)
		switch {
		case options == "inline" && field.Type.Kind() == reflect.Map:
			f.rest = at
		case options == "inline":
			f.collect(field.Type, at)
		case name != "" && name != "-":
			f.add(name, at, field)
		}
	}
}

func (f *fields) add(name string, at []int, field reflect.StructField) {
	f.index[name] = at
	if field.Type != reflect.TypeFor[Later]() {
		f.names = append(f.names, name)
	}
	if example := field.Tag.Get("need"); example != "" {
		f.needed = append(f.needed, name)
		f.example[name] = example
	}
}
