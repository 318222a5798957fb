package slo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// MaxFileBytes bounds one file of documents: 10 MiB.
const MaxFileBytes = 10 << 20

// Format is what a document says it is.
type Format struct {
	APIVersion string
	Kind       string
}

// String is "apiVersion kind", as messages write it.
func (f Format) String() string { return strings.TrimSpace(f.APIVersion + " " + f.Kind) }

// Decoder turns one document into Specs. Problems need no Origin: the Loader
// adds it from their Field. A problem of Severity Error quarantines the whole
// document; the Specs returned with it are then only looked at for further
// problems. A Decoder does not validate: the Loader does.
type Decoder func(doc *strictyaml.Document) ([]*Spec, []Problem)

// Check looks for further problems in a Spec, such as PromQL that does not
// compile. The Spec may have problems of its own: fields may be empty.
// Problems need no Origin.
type Check func(*Spec) []Problem

// Loader turns files into Specs. The zero value reads the native format.
type Loader struct {
	// Formats says how each format is decoded. nil: Native().
	Formats map[Format]Decoder
	// Check is asked about each decoded Spec. May be nil.
	Check Check
}

// Native returns the formats of this package: a map of the caller's own, to
// add others to.
func Native() map[Format]Decoder {
	return map[Format]Decoder{{APIVersion, KindSLO}: decodeNative}
}

// Load reads the documents of a file in the native format.
func Load(name string, data []byte) ([]*Spec, []Problem) {
	return Loader{}.Load(name, data)
}

// Load reads all documents of a file. Each one becomes Specs or at least one
// problem of Severity Error; a faulty document takes nothing away from its
// neighbours. Documents are separated by lines that are "---" or start with
// "--- "; those of nothing but comments are not counted. name is used for
// Origins only.
func (l Loader) Load(name string, data []byte) ([]*Spec, []Problem) {
	if len(data) > MaxFileBytes {
		return nil, []Problem{{
			Origin:  Origin{File: name, Document: 1, Line: 1},
			Message: fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(data), MaxFileBytes),
			Fix:     "split it into several files",
		}}
	}
	if l.Formats == nil {
		l.Formats = Native()
	}
	var specs []*Spec
	var problems []Problem
	for i, chunk := range strictyaml.Split(data) {
		d := document{loader: &l, origin: Origin{File: name, Document: i + 1, Line: chunk.Line}}
		specs = append(specs, d.load(chunk)...)
		problems = append(problems, d.sorted()...)
	}
	return specs, problems
}

// document is one document on its way to Specs.
type document struct {
	loader   *Loader
	origin   Origin
	source   *strictyaml.Document
	problems []Problem
}

func (d *document) load(chunk strictyaml.Chunk) []*Spec {
	source, problem := strictyaml.Parse(chunk)
	if problem != nil {
		d.add("", fromYAML(*problem))
		return nil
	}
	d.source, d.origin.Line = source, source.Line()
	decode, unknown := d.loader.decoder(source)
	if unknown != nil {
		d.add("", *unknown)
		return nil
	}
	specs, problems := decode(source)
	return d.accept(specs, problems)
}

// accept validates what was decoded. Where a field could not be decoded,
// nothing more is said about it.
func (d *document) accept(specs []*Spec, decoding []Problem) []*Spec {
	only := ""
	if len(specs) == 1 {
		only = specs[0].identity()
	}
	d.add(only, decoding...)
	known := covered(decoding)
	var good []*Spec
	for _, s := range specs {
		s.Origin = d.origin
		found := slices.DeleteFunc(Validate(s), func(p Problem) bool { return known.Cover(p.Field) })
		d.add(s.identity(), found...)
		passed := d.check(s, covered(slices.Concat(decoding, found)))
		if passed && !anyError(decoding) && !anyError(found) {
			good = append(good, s)
		}
	}
	return good
}

// check runs the caller's check, and reports whether the Spec passed. It is
// asked about faulty Specs too, so that a user sees everything at once; what
// it says of fields that are known to be wrong is dropped.
func (d *document) check(s *Spec, known strictyaml.Problems) bool {
	if d.loader.Check == nil {
		return true
	}
	found := slices.DeleteFunc(d.loader.Check(s), func(p Problem) bool { return known.Cover(p.Field) })
	for i := range found {
		found[i].Origin = Origin{} // the field says more exactly where
	}
	d.add(s.identity(), found...)
	return !anyError(found)
}

// add takes problems, and says where they are.
func (d *document) add(slo string, problems ...Problem) {
	for _, p := range problems {
		line := p.Origin.Line
		p.Origin = d.origin
		switch {
		case line > 0:
			p.Origin.Line = line
		case d.source != nil:
			p.Origin.Line = d.source.LineOf(p.Field)
		}
		if p.SLO == "" {
			p.SLO = slo
		}
		d.problems = append(d.problems, p)
	}
}

func (d *document) sorted() []Problem {
	slices.SortStableFunc(d.problems, compareProblems)
	return d.problems
}

// decoder finds who decodes a document, or says why nobody does.
func (l *Loader) decoder(doc *strictyaml.Document) (Decoder, *Problem) {
	format := Format{doc.Text("apiVersion"), doc.Text("kind")}
	if format.APIVersion == "" {
		format.APIVersion = doc.Text("version") // as Sloth has it
	}
	if decode, ok := l.Formats[format]; ok {
		return decode, nil
	}
	if decode, ok := l.Formats[Format{APIVersion: format.APIVersion}]; ok {
		return decode, nil // a format whose documents have no kind
	}
	p := l.unknown(format)
	return nil, &p
}

// unknown says what is wrong with a format that nobody decodes.
func (l *Loader) unknown(f Format) Problem {
	versions, kinds := l.known(f.APIVersion)
	switch product, foreign := laterVersions[f.APIVersion]; {
	case f.APIVersion == "":
		return Problem{Field: "apiVersion", Message: "is missing", Fix: "write apiVersion: " + APIVersion}
	case foreign && len(kinds) == 0:
		return Problem{Field: "apiVersion", Message: product + " documents are not supported by this version", Fix: "remove the document"}
	case len(kinds) == 0:
		return Problem{Field: "apiVersion", Message: fmt.Sprintf("%q is not known", shorten(f.APIVersion)), Fix: strictyaml.Suggest(f.APIVersion, versions)}
	case f.Kind == "":
		return Problem{Field: "kind", Message: "is missing", Fix: "write kind: " + kinds[0]}
	case f.APIVersion == APIVersion && slices.Contains(laterKinds, f.Kind):
		return Problem{Field: "kind", Message: "kind " + f.Kind + " is not supported by this version", Fix: "remove the document"}
	}
	return Problem{Field: "kind", Message: fmt.Sprintf("kind %q is not known", shorten(f.Kind)), Fix: strictyaml.Suggest(f.Kind, kinds)}
}

// known lists the apiVersions with a decoder, and the kinds of one of them.
func (l *Loader) known(apiVersion string) (versions, kinds []string) {
	for f := range maps.Keys(l.Formats) {
		versions = append(versions, f.APIVersion)
		if f.APIVersion == apiVersion {
			kinds = append(kinds, f.Kind)
		}
	}
	slices.Sort(versions)
	slices.Sort(kinds)
	return slices.Compact(versions), kinds
}
