package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// LoadSpecs reads the SLO documents of all files that match the patterns, in
// the order of their paths, as documents that may refer to each other. What is wrong with a document or a file takes
// nothing away from the others, but from composites that are made of it; of two
// SLOs with one name the first counts.
// A pattern without matches is a warning. An error means that a pattern cannot be understood;
// nothing was read then.
func LoadSpecs(patterns []string, loader slo.Loader) ([]*slo.Spec, []slo.Problem, error) {
	files, problems, err := expandGlobs(patterns)
	if err != nil {
		return nil, nil, err
	}
	var read []slo.File
	for _, file := range files {
		data, err := readSpecs(file)
		if err != nil {
			problems = append(problems, fileProblem(file, err))
			continue
		}
		read = append(read, slo.File{Name: file, Data: data})
	}
	specs, found := loader.Load(read...)
	specs, duplicates := slo.Unique(specs)
	problems = slices.Concat(problems, found, duplicates)
	specs, unlinked := slo.Link(specs, problems)
	return specs, append(problems, unlinked...), nil
}

// expandGlobs lists the files, each once, sorted.
func expandGlobs(patterns []string) (files []string, problems []slo.Problem, err error) {
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return nil, nil, fmt.Errorf("expand slo_files pattern %q: %w", pattern, err)
		}
		if len(matches) == 0 {
			problems = append(problems, slo.Problem{
				Origin:   slo.Origin{File: pattern},
				Severity: slo.Warning,
				Message:  "no file matches this pattern",
				Fix:      "write SLO documents there, or correct slo_files",
			})
		}
		files = append(files, matches...)
	}
	slices.Sort(files)
	return slices.Compact(files), problems, nil
}

// readSpecs reads a file that a pattern matched. A pipe among them would
// block the start for good.
func readSpecs(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		err = errFolder
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err != nil {
		return nil, err
	}
	return readFile(path, slo.MaxFileBytes)
}

var errFolder = errors.New("it is a folder")

func fileProblem(file string, err error) slo.Problem {
	p := slo.Problem{Origin: slo.Origin{File: file}, Message: "cannot be read: " + withoutPath(err).Error(), Fix: "make it a file that the engine may read"}
	switch {
	case errors.Is(err, errTooLarge):
		p.Message, p.Fix = fmt.Sprintf("the file has more than the %d bytes allowed", slo.MaxFileBytes), "split it into several files"
	case errors.Is(err, errFolder):
		p.Fix = "name the files in it: " + filepath.Join(file, "*.yaml")
	}
	return p
}

// escapeGlob makes a folder's name mean itself in a pattern.
func escapeGlob(folder string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(folder)
}
