package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

func TestScrapeConfigs(t *testing.T) {
	t.Setenv("SLO_ENGINE_TEST_SECRET", "geheim")
	path, _ := write(t, `
scrape: {scrape_interval: 5s, scrape_timeout: 2s}
scrape_configs:
- job_name: shop
  basic_auth: {username: me, password: "${SLO_ENGINE_TEST_SECRET}"}
  static_configs: [{targets: ['127.0.0.1:8080']}]
  relabel_configs: [{source_labels: [__address__], regex: '(.*):(.*)', target_label: port, replacement: "${2}"}]
scrape_config_files: ['jobs/*.yml']
`)
	folder := filepath.Join(filepath.Dir(path), "jobs")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "more.yml"), []byte("scrape_configs: [{job_name: more}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shop", "more"}, c.ScrapeConfigs.Scrapes().Jobs()); diff != "" {
		t.Error(diff)
	}
	if text := c.String(); strings.Contains(text, "geheim") || !strings.Contains(text, "job_name: shop") {
		t.Errorf("the configuration shows as\n%s", text)
	}
}

// What docs/scraping.md shows is read as it stands there.
func TestScrapingDocs(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "scraping.md"))
	if err != nil {
		t.Fatal(err)
	}
	jobs := 0
	for _, block := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], "# slo-engine.yaml") {
			c, _ := load(t, block[1])
			jobs += len(c.ScrapeConfigs.Scrapes().Jobs())
			continue
		}
		path, _ := write(t, block[1])
		specs, problems, err := LoadSpecs([]string{path}, slo.Loader{})
		if err != nil || len(problems) > 0 || len(specs) != 2 {
			t.Errorf("%d SLOs, problems %v, error %v in\n%s", len(specs), problems, err, block[1])
		}
	}
	if jobs != 2 {
		t.Errorf("%d jobs, want 2", jobs)
	}
}

func TestScrapeProblems(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"unknown field": {"scrape_configs:\n- job_name: a\n- job_name: b\n  static_configs:\n  - targets: ['a:1']\n    lables: {}", []string{"6: scrape_configs[1].static_configs[0].lables: unknown field"}},
		"discovery": {"scrape_configs:\n- job_name: a\n  consul_sd_configs: []", []string{"3: scrape_configs[0].consul_sd_configs: is not there in this build; " +
			"targets are found by static_configs, dns_sd_configs, file_sd_configs, http_sd_configs, kubernetes_sd_configs; others can write the files of file_sd_configs"}},
		"no list":  {"scrape_configs: {job_name: a}", []string{"1: scrape_configs: must be a list; write it as a Prometheus has it, such as [{job_name: shop, static_configs: [{targets: ['127.0.0.1:8080']}]}]"}},
		"interval": {"scrape: {scrape_interval: 10m}", []string{"1: scrape.scrape_interval: 10m is too long; write at most 5m"}},
		"timeout":  {"scrape: {scrape_interval: 5s}", []string{"1: scrape.scrape_timeout: 10s is longer than the scrape_interval; write at most 5s"}},
		"pattern":  {"scrape_config_files: ['[']", []string{`1: scrape_config_files[0]: "[" is not a pattern; close every [, or write \[ for the character`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, _ := write(t, test.text+"\n")
			_, err := Load(path)
			if err == nil {
				t.Fatal("no problem")
			}
			var got []string
			for line := range strings.Lines(err.Error()) {
				got = append(got, strings.TrimSpace(strings.TrimPrefix(line, path+":")))
			}
			for i := range got { // the pattern is shown with its folder
				got[i] = strings.ReplaceAll(got[i], filepath.Dir(path)+"/", "")
			}
			if !slices.Equal(test.want, got) {
				t.Errorf("(-want +got):\n%s", cmp.Diff(test.want, got))
			}
		})
	}
}
