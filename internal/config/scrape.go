package config

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/slo-engine/slo-engine/internal/ingest/scrape"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Scrape is what holds for scrape_configs that do not say it, as global does
// in a prometheus.yml.
type Scrape struct {
	// Interval is the time between two scrapes of a target, 1 s to 5 m. Default
	// 15 s.
	Interval time.Duration `yaml:"scrape_interval"`
	// Timeout bounds a scrape, to its interval. Default 10 s.
	Timeout time.Duration `yaml:"scrape_timeout"`
}

// ScrapeConfigs say what is scraped, in the words of Prometheus's
// scrape_configs. The zero value scrapes nothing.
type ScrapeConfigs struct {
	text   []byte
	folder string
	parsed *scrape.Config // by Validate
}

// Scrapes are the parsed form, with what scrape_config_files hold.
func (s ScrapeConfigs) Scrapes() *scrape.Config { return s.parsed }

// UnmarshalValue keeps the text: what it means depends on other fields.
func (s *ScrapeConfigs) UnmarshalValue(v strictyaml.Value) { s.text = v.YAML() }

// MarshalYAML writes the names of the jobs, and none of their secrets.
func (s ScrapeConfigs) MarshalYAML() (any, error) {
	list := []map[string]string{}
	for _, job := range s.parsed.Jobs() {
		list = append(list, map[string]string{"job_name": job})
	}
	return list, nil
}

// resolveScrapes makes relative paths start at folder.
func (c *Config) resolveScrapes(folder string) {
	c.ScrapeConfigs.folder = folder
	for i := range c.ScrapeConfigFiles {
		if p := &c.ScrapeConfigFiles[i]; *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(escapeGlob(folder), *p)
		}
	}
}

// scrapes reads the scrape configurations, and says what is wrong with them.
func (v *validator) scrapes() {
	c := v.config
	before := len(v.problems)
	v.between("scrape.scrape_interval", c.Scrape.Interval, time.Second, 5*time.Minute)
	v.between("scrape.scrape_timeout", c.Scrape.Timeout, time.Millisecond, 5*time.Minute)
	if c.Scrape.Timeout > c.Scrape.Interval {
		v.fail("scrape.scrape_timeout", fmt.Sprintf("%s is longer than the scrape_interval", c.Scrape.Timeout), "write at most "+c.Scrape.Interval.String())
	}
	if len(v.problems) > before {
		return // every job would say so again
	}
	parsed, problems := scrape.Parse(scrape.Source{
		List: c.ScrapeConfigs.text, Folder: c.ScrapeConfigs.folder, Files: c.ScrapeConfigFiles,
		Interval: c.Scrape.Interval, Timeout: c.Scrape.Timeout,
	})
	for _, p := range problems {
		v.fail(p.Path, p.Message, p.Fix)
	}
	c.ScrapeConfigs.parsed = parsed
}
