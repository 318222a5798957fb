package auth

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// maxFileBytes bounds a web configuration and a tokens file.
const maxFileBytes = 1 << 20

// decodeFile reads a file into a tagged struct.
func decodeFile(path string, into any) (*strictyaml.Document, strictyaml.Problems) {
	data, err := readFile(path)
	if err != nil {
		return nil, strictyaml.Problems{{Message: "cannot be read: " + err.Error(), Fix: "make it a file that the engine may read"}}
	}
	document, problem := strictyaml.ParseFile(data)
	if problem != nil {
		return nil, strictyaml.Problems{*problem}
	}
	return document, document.Decode(into)
}

// readFile reads a file of at most maxFileBytes. A pipe would hold up the start
// for good. Its errors do not name the file, which is named anyway.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, withoutPath(err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = fmt.Errorf("it has more than the %d bytes allowed", maxFileBytes)
	}
	return data, withoutPath(err)
}

func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// elsewhere are problems of a file that a field names, as problems of that
// field.
func elsewhere(field, file string, problems strictyaml.Problems) (found strictyaml.Problems) {
	for _, p := range problems {
		at := file
		if p.Line > 0 {
			at = fmt.Sprintf("%s:%d", file, p.Line)
		}
		if p.Path != "" {
			at += ": " + p.Path
		}
		found = append(found, strictyaml.Problem{Path: field, Message: at + ": " + p.Message, Fix: p.Fix})
	}
	return found
}

// stamp tells whether a file was changed; nil where it cannot be looked at.
type stamp struct{ os.FileInfo }

func stampsOf(files []string) []stamp {
	var stamps []stamp
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil {
			info = nil
		}
		stamps = append(stamps, stamp{info})
	}
	return stamps
}

func unchanged(a, b []stamp) bool {
	return slices.EqualFunc(a, b, func(a, b stamp) bool {
		if a.FileInfo == nil || b.FileInfo == nil {
			return a.FileInfo == b.FileInfo
		}
		return os.SameFile(a.FileInfo, b.FileInfo) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
	})
}
