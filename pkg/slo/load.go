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

// Decoder reads the documents of one format. Exactly one of its functions is
// set. Problems need no Origin: the Loader adds it from their Field, which is a
// path of the document as it is written. A problem of Severity Error
// or Unserved quarantines the whole document, or one SLO of it: see Spec.At.
type Decoder struct {
	// SLOs turns a document into Specs; the library knows the other documents.
	// Specs returned with an Error are only looked at for further problems. It
	// does not validate: the Loader does.
	SLOs func(*strictyaml.Document, *Library) ([]*Spec, []Problem)
	// Part reads a document that others refer to by its name.
	Part func(*strictyaml.Document) (name string, part any, problems []Problem)
	// NameOnly: nothing but the name of such a part counts, so that a second one
	// of a name does no harm.
	NameOnly bool
}

// Check looks for further problems in a Spec, such as PromQL that does not
// compile. The Spec may have problems of its own: fields may be empty. It is not
// asked about what the decoder says cannot be measured.
// Problems need no Origin; their paths are those of the native format.
type Check func(*Spec) []Problem

// Loader turns files into Specs. The zero value reads the native format.
type Loader struct {
	// Formats says how each format is decoded. nil: Native().
	Formats map[Format]Decoder
	// Check is asked about each decoded Spec. May be nil.
	Check Check
	// Strict makes errors of what is Unserved.
	Strict bool
	// Remedy looks for further problems in a sound action of a Remediation, such
	// as settings that its gateway does not know. Paths are those of the document,
	// or of the gateway's settings. May be nil.
	Remedy func(Remedy) []Problem
	// Remediations gets the sound ones, by name. nil: nobody acts on them, and
	// their users are warned.
	Remediations *[]*Remediation
	// GatePolicies gets the sound ones, by name. May be nil.
	GatePolicies *[]*GatePolicy
}

// File is a file of documents.
type File struct {
	// Name is used for Origins only.
	Name string
	Data []byte
}

// Native returns the formats of this package: a map of the caller's own, to
// add others to.
func Native() map[Format]Decoder {
	return map[Format]Decoder{
		{APIVersion, KindSLO}: {SLOs: decodeNative},
		alertPolicies:         {Part: decodePolicy},
		budgetAdjustments:     {Part: decodeAdjustment},
		remediations:          {Part: decodeRemediation},
		gatePolicies:          {Part: decodeGatePolicy},
	}
}

// Load reads the documents of a file in the native format.
func Load(name string, data []byte) ([]*Spec, []Problem) {
	return Loader{}.Load(File{name, data})
}

// Load reads all documents of files that belong together. Each document
// becomes Specs, a part that others refer to, or at least one problem that
// quarantines; a faulty one takes nothing away from its neighbours.
// Documents are separated by lines that are "---" or start with "--- ", or are
// the items of a list; those of nothing but comments are not counted. The order
// is that of the files.
func (l Loader) Load(files ...File) ([]*Spec, []Problem) {
	if l.Formats == nil {
		l.Formats = Native()
	}
	library := &Library{parts: map[Format]map[string]*part{}, services: map[string]bool{}}
	var documents []*document
	for _, f := range files {
		documents = append(documents, l.split(f)...)
	}
	for _, d := range documents {
		d.collect(library)
	}
	var specs []*Spec
	var problems []Problem
	for _, d := range documents {
		specs = append(specs, d.load(library)...)
	}
	for _, d := range documents {
		problems = append(problems, d.sorted(library)...)
	}
	handOut(library, remediations, l.Remediations)
	handOut(library, gatePolicies, l.GatePolicies)
	return specs, problems
}

// split parses the documents of a file.
func (l *Loader) split(f File) (documents []*document) {
	if len(f.Data) > MaxFileBytes {
		d := &document{origin: Origin{File: f.Name, Document: 1, Line: 1}}
		d.add("", Problem{
			Message: fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(f.Data), MaxFileBytes),
			Fix:     "split it into several files",
		})
		return []*document{d}
	}
	for _, chunk := range strictyaml.Split(f.Data) {
		for _, parsed := range strictyaml.ParseAll(chunk) {
			d := &document{loader: l, origin: Origin{File: f.Name, Document: len(documents) + 1, Line: chunk.Line}}
			d.take(parsed)
			documents = append(documents, d)
		}
	}
	return documents
}

// document is one document on its way to Specs.
type document struct {
	loader   *Loader
	origin   Origin
	format   Format
	decoder  Decoder // nothing: it cannot be decoded, and problems say why
	source   *strictyaml.Document
	chooser  *part // nil: it is none
	problems []Problem
}

// take takes the YAML and finds who decodes it.
func (d *document) take(parsed strictyaml.Parsed) {
	if parsed.Problem != nil {
		d.add("", fromYAML(*parsed.Problem))
		return
	}
	d.source, d.origin.Line = parsed.Document, parsed.Document.Line()
	format, decoder, unknown := d.loader.decoder(d.source)
	if unknown != nil {
		d.add("", *unknown)
		return
	}
	d.format, d.decoder = format, decoder
}

// collect puts a part into the library.
func (d *document) collect(library *Library) {
	if d.decoder.Part == nil {
		library.unread = library.unread || d.decoder.SLOs == nil
		return
	}
	name, value, problems := d.decoder.Part(d.source)
	if r, ok := value.(*Remediation); ok && !AnyError(problems) {
		problems = append(problems, d.loader.remedies(r)...)
	}
	d.add("", problems...)
	library.unread = library.unread || d.format.APIVersion == "" && AnyError(problems)
	p := &part{value: value, origin: d.origin, faulty: AnyError(problems)}
	switch first, taken := library.add(d.format, name, p); {
	case taken && !p.faulty:
		severity := Error
		if d.decoder.NameOnly {
			severity = Warning
		}
		d.add("", Problem{
			Severity: severity, Field: "metadata.name", Message: fmt.Sprintf("another %s is called %q, at %s", d.format.Kind, name, first.origin),
			Fix: "rename or remove one of them",
		})
	case taken:
	default:
		d.choose(p)
	}
}

// choose notes that a part says itself which SLOs it is about.
func (d *document) choose(p *part) {
	if c, ok := p.value.(chooser); ok {
		c.located(d.origin)
		d.chooser = p
	}
}

func (d *document) load(library *Library) []*Spec {
	if d.decoder.SLOs == nil {
		return nil
	}
	specs, problems := d.decoder.SLOs(d.source, library)
	return d.accept(library, specs, problems)
}

// accept validates what was decoded, and adds to it what other documents say.
// Where a field could not be decoded, nothing more is said about it.
func (d *document) accept(library *Library, specs []*Spec, decoding []Problem) []*Spec {
	only := ""
	if len(specs) == 1 {
		only = specs[0].identity()
	}
	d.add(only, decoding...)
	known := covered(decoding)
	var good []*Spec
	for _, s := range specs {
		s.Origin, s.Format = d.origin, d.format
		own := Validate(s) // before others add what is no fault of the SLO's
		found := slices.DeleteFunc(s.here(append(own, library.join(s)...)), func(p Problem) bool { return known.Cover(p.Field) })
		d.add(s.identity(), found...)
		mine := about(s, specs, decoding)
		passed := anyUnserved(mine) || d.check(s, covered(slices.Concat(decoding, found)))
		if passed && !AnyError(mine) && !AnyError(found) {
			good = append(good, s)
		}
	}
	return good
}

// about are the problems of a document that are not of another SLO alone.
func about(s *Spec, all []*Spec, problems []Problem) (mine []Problem) {
	for _, p := range problems {
		others := slices.ContainsFunc(all, func(o *Spec) bool { return o != s && o.At != "" && strictyaml.Within(p.Field, o.At) })
		if !others {
			mine = append(mine, p)
		}
	}
	return mine
}

// check runs the caller's check, and reports whether the Spec passed. It is
// asked about faulty Specs too, so that a user sees everything at once; what
// it says of fields that are known to be wrong is dropped.
func (d *document) check(s *Spec, known strictyaml.Problems) bool {
	if d.loader.Check == nil {
		return true
	}
	found := slices.DeleteFunc(s.here(d.loader.Check(s)), func(p Problem) bool { return known.Cover(p.Field) })
	for i := range found {
		found[i].Origin = Origin{} // the field says more exactly where
	}
	d.add(s.identity(), found...)
	return !AnyError(found)
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
		if p.Severity == Unserved && d.loader.Strict {
			p.Severity = Error
		}
		d.problems = append(d.problems, p)
	}
}

// sorted are the problems that were found, when all documents were read.
func (d *document) sorted(library *Library) []Problem {
	if d.chooser != nil {
		d.add("", d.chooser.verdict(library)...)
	}
	slices.SortStableFunc(d.problems, compareProblems)
	return d.problems
}

// decoder finds who decodes a document, or says why nobody does.
func (l *Loader) decoder(doc *strictyaml.Document) (Format, Decoder, *Problem) {
	format := Format{doc.Text("apiVersion"), doc.Text("kind")}
	if format.APIVersion == "" {
		format.APIVersion = doc.Text("version") // as Sloth has it
	}
	if decoder, ok := l.Formats[format]; ok {
		return format, decoder, nil
	}
	if decoder, ok := l.Formats[Format{APIVersion: format.APIVersion}]; ok {
		return format, decoder, nil // a format whose documents have no kind
	}
	p := l.unknown(format)
	return format, Decoder{}, &p
}

// unknown says what is wrong with a format that nobody decodes.
func (l *Loader) unknown(f Format) Problem {
	versions, kinds := l.known(f.APIVersion)
	switch {
	case f.APIVersion == "":
		return Problem{Field: "apiVersion", Message: "is missing", Fix: "write apiVersion: " + APIVersion}
	case len(kinds) == 0:
		return Problem{Field: "apiVersion", Message: fmt.Sprintf("%q is not known", shorten(f.APIVersion)), Fix: strictyaml.Suggest(f.APIVersion, versions)}
	case f.Kind == "":
		return Problem{Field: "kind", Message: "is missing", Fix: "write kind: " + likeliest(kinds)}
	}
	return Problem{Field: "kind", Message: fmt.Sprintf("kind %q is not known", shorten(f.Kind)), Fix: strictyaml.Suggest(f.Kind, kinds)}
}

// likeliest is the kind that a document without one most probably is.
func likeliest(kinds []string) string {
	if slices.Contains(kinds, KindSLO) {
		return KindSLO
	}
	return kinds[0]
}

// known lists the apiVersions with a decoder, and the kinds of one of them.
func (l *Loader) known(apiVersion string) (versions, kinds []string) {
	for f := range maps.Keys(l.Formats) {
		if f == (Format{}) {
			continue // documents that say nothing of what they are
		}
		versions = append(versions, f.APIVersion)
		if f.APIVersion == apiVersion {
			kinds = append(kinds, f.Kind)
		}
	}
	slices.Sort(versions)
	slices.Sort(kinds)
	return slices.Compact(versions), kinds
}
