package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// maxFileBytes bounds the configuration file.
const maxFileBytes = 1 << 20

// Load reads the configuration file at path; an empty path means that there
// is none, and the defaults hold. overrides are applied to what the file
// says, such as flags, before everything is validated; relative paths they
// set start at the working folder.
//
// The error is of type Problems when the file was read and cannot be used.
func Load(path string, overrides ...func(*Config)) (*Config, error) {
	l := loader{config: Default(), path: path}
	if path != "" {
		if err := l.read(); err != nil {
			return nil, err
		}
	}
	for _, override := range overrides {
		override(l.config)
	}
	l.validate()
	if len(l.problems) > 0 {
		return nil, l.named()
	}
	return l.config, nil
}

// loader is one Load.
type loader struct {
	config   *Config
	path     string
	document *strictyaml.Document
	problems strictyaml.Problems
}

func (l *loader) read() error {
	data, err := readFile(l.path, maxFileBytes)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	document, problem := strictyaml.ParseFile(data)
	if problem != nil {
		l.problems = strictyaml.Problems{*problem}
		return l.named()
	}
	l.document = document
	l.problems = document.Expand(expandEnv(os.LookupEnv))
	l.add(document.Decode(l.config))
	l.config.resolve(filepath.Dir(l.path))
	return nil
}

// validate adds what is wrong with the values.
func (l *loader) validate() {
	found := l.config.Validate()
	for i := range found {
		if l.document != nil {
			found[i].Line = l.document.LineOf(found[i].Path)
		}
	}
	l.add(found)
	l.problems.Sort()
}

// add takes what the next step found, apart from what it says about values
// that an earlier step could not read.
func (l *loader) add(found strictyaml.Problems) {
	earlier := l.problems
	for _, p := range found {
		if !earlier.Cover(p.Path) {
			l.problems = append(l.problems, p)
		}
	}
}

func (l *loader) named() Problems {
	var named Problems
	for _, p := range l.problems {
		named = append(named, Problem{File: l.path, Problem: p})
	}
	return named
}

// resolve makes relative paths start at folder.
func (c *Config) resolve(folder string) {
	join := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
	join(&c.Storage.Path)
	join(&c.Alerting.AlertmanagerConfig)
	join(&c.Remediation.Inbound.SecretFile)
	for i := range c.Gates.ArgoCD {
		join(&c.Gates.ArgoCD[i].Kubeconfig)
	}
	for i := range c.SLOFiles {
		if p := &c.SLOFiles[i]; *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(escapeGlob(folder), *p)
		}
	}
	c.Auth.resolve(folder)
	c.RemoteWrite.resolve(folder)
	c.resolveScrapes(folder)
	for i := range c.Prometheus {
		c.Prometheus[i].SetDirectory(folder)
	}
	for i := range c.Loki {
		c.Loki[i].SetDirectory(folder)
	}
	if c.Notify.Loki != nil {
		c.Notify.Loki.SetDirectory(folder)
	}
	c.resolveWebhooks(folder)
	for i := range c.Alerting.Alertmanagers {
		c.Alerting.Alertmanagers[i].SetDirectory(folder)
	}
}

// readFile reads a file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = &os.PathError{Op: "read", Path: path, Err: errTooLarge}
	}
	return data, err
}

var errTooLarge = errors.New("the file is too large")

// withoutPath drops the path from an error about a file that is named anyway.
func withoutPath(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
