// Package strictyaml decodes YAML (and so JSON) written by people: it reports
// every problem of a document at once, each with its line, its field path and
// what to write instead, where a usual decoder stops at the first or ignores
// what it does not know.
//
// A file is cut into documents by Split, each is read by Parse and decoded
// into tagged structs by Document.Decode. What is refused, beyond wrong types:
// unknown fields, duplicate keys, and aliases that expand beyond reason.
//
// Struct tags: `yaml:"name"` and `yaml:",inline"` mean what they mean
// elsewhere; `need:"an example"` marks a field that must be present. A field
// of type Later is known by name and refused as not supported yet.
package strictyaml
