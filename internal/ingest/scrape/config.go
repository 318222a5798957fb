package scrape

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery"
)

// Source is what a user wrote, in Prometheus's words.
type Source struct {
	// List is what stands below scrape_configs, a YAML list; empty: nothing.
	List []byte
	// Files are patterns of files that hold further scrape_configs.
	Files []string
	// Folder is where relative paths in List start. Those in a file start where
	// the file lies.
	Folder string
	// Interval and Timeout hold where a job says nothing. Default 15 s and 10 s.
	Interval, Timeout time.Duration
}

// Config says what is scraped. nil and the zero value: nothing.
type Config struct{ inner *config.Config }

// Problem is one thing wrong with a Source.
type Problem struct {
	// Path is the field, beginning with scrape_configs or scrape_config_files.
	Path string
	// Message says what is wrong, Fix what to write instead; Fix may be empty.
	Message, Fix string
}

// Jobs are the names of the jobs, in their order.
func (c *Config) Jobs() []string {
	names := []string{}
	for _, job := range c.jobs() {
		names = append(names, job.JobName)
	}
	return names
}

func (c *Config) jobs() []*config.ScrapeConfig {
	if c == nil || c.inner == nil {
		return nil
	}
	return c.inner.ScrapeConfigs
}

// discoveries say how the targets of each job are found.
func (c *Config) discoveries() map[string]discovery.Configs {
	found := map[string]discovery.Configs{}
	for _, job := range c.jobs() {
		found[job.JobName] = job.ServiceDiscoveryConfigs
	}
	return found
}

// Parse reads scrape configurations as Prometheus does: strictly, with its
// defaults. It returns all that is wrong; there is a Config if nothing is. The
// files are read here, and not again.
func Parse(s Source) (*Config, []Problem) {
	r := reading{source: s, jobs: map[string]string{}}
	r.list(s.List, "scrape_configs", s.Folder)
	for i, pattern := range s.Files {
		r.files(pattern, fmt.Sprintf("scrape_config_files[%d]", i))
	}
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	c := nothing()
	c.inner.ScrapeConfigs = r.found
	return c, nil
}

// nothing is a configuration without jobs, as the library wants it: one that it
// has loaded itself.
func nothing() *Config {
	inner, err := config.Load("", slog.New(slog.DiscardHandler))
	if err != nil {
		panic("scrape: the library does not load its defaults: " + err.Error())
	}
	return &Config{inner}
}
