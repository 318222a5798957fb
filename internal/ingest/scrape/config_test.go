package scrape

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Jobs have Prometheus's defaults, but for what protobuf needs.
func TestParse(t *testing.T) {
	c, problems := Parse(Source{Folder: "/etc/slo", Interval: 15 * time.Second, Timeout: 10 * time.Second, List: []byte(`
- job_name: plain
  static_configs: [{targets: ['a:1']}]
- job_name: chosen
  scrape_interval: 5s
  scrape_protocols: [PrometheusText0.0.4]
  always_scrape_classic_histograms: false
  basic_auth: {username: me, password_file: secret}
  file_sd_configs: [{files: ['targets/*.yml']}]
`)})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	type settings struct {
		Interval, Timeout time.Duration
		Protocols         int
		Classic, Honor    bool
		Path              string
	}
	got := map[string]settings{}
	for _, job := range c.jobs() {
		got[job.JobName] = settings{
			time.Duration(job.ScrapeInterval), time.Duration(job.ScrapeTimeout), len(job.ScrapeProtocols),
			job.AlwaysScrapeClassicHistograms, job.HonorTimestamps, job.MetricsPath,
		}
	}
	if diff := cmp.Diff(map[string]settings{
		"plain":  {15 * time.Second, 10 * time.Second, len(protocols), true, true, "/metrics"},
		"chosen": {5 * time.Second, 5 * time.Second, 1, false, true, "/metrics"},
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if file := c.jobs()[1].HTTPClientConfig.BasicAuth.PasswordFile; file != "/etc/slo/secret" {
		t.Errorf("the password is in %s", file)
	}
}

func TestParseProblems(t *testing.T) {
	tests := map[string]struct {
		list string
		want []Problem
	}{
		"unknown field": {"- {job_name: a, static_configs: [{targets: ['a:1']}], hounor_labels: true}\n- {job_name: b, static_configs: [{tragets: []}]}", []Problem{
			{"scrape_configs[0].hounor_labels", "unknown field", ""},
			{"scrape_configs[1].static_configs[0].tragets", "unknown field", ""},
		}},
		"wrong type":    {"- {job_name: a, sample_limit: many}", []Problem{{"scrape_configs[0].sample_limit", "cannot unmarshal !!str `many` into uint", ""}}},
		"no name":       {"- {static_configs: [{targets: ['a:1']}]}", []Problem{{"scrape_configs[0]", "job_name is empty", ""}}},
		"null":          {"- ~", []Problem{{"scrape_configs[0]", "empty or null scrape config section", ""}}},
		"no list":       {"job_name: a", []Problem{{"scrape_configs", "must be a list", "write it as a Prometheus has it, such as [{job_name: shop, static_configs: [{targets: ['127.0.0.1:8080']}]}]"}}},
		"twice":         {"- {job_name: a}\n- {job_name: a}", []Problem{{"scrape_configs[1].job_name", `"a" is there twice, first at scrape_configs[0]`, "give each job a name of its own"}}},
		"long timeout":  {"- {job_name: a, scrape_interval: 1s, scrape_timeout: 2s}", []Problem{{"scrape_configs[0]", `scrape timeout greater than scrape interval for scrape config with job name "a"`, ""}}},
		"relabelling":   {"- {job_name: a, relabel_configs: [{action: explode}]}", []Problem{{"scrape_configs[0]", `unknown relabel action "explode"`, ""}}},
		"URL as target": {"- {job_name: a, static_configs: [{targets: ['http://a']}]}", []Problem{{"scrape_configs[0]", `"http://a" is not a valid hostname`, ""}}},
		"discovery": {"- {job_name: a, consul_sd_configs: [{server: 'a:1'}]}", []Problem{{"scrape_configs[0].consul_sd_configs", "is not there in this build",
			"targets are found by static_configs, dns_sd_configs, file_sd_configs, http_sd_configs, kubernetes_sd_configs; others can write the files of file_sd_configs"}}},
		"converted": {"- {job_name: a, convert_classic_histograms_to_nhcb: true}", []Problem{{"scrape_configs[0].convert_classic_histograms_to_nhcb",
			"cannot be read together with the start times of counters", "remove it: classic histograms count as they are"}}},
		"certificate": {"- {job_name: a, tls_config: {ca_file: nowhere.pem}}", []Problem{{"scrape_configs[0]",
			"the HTTP client cannot be made: unable to read CA cert: unable to read file /etc/slo/nowhere.pem: open /etc/slo/nowhere.pem: no such file or directory", ""}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, got := Parse(Source{List: []byte(test.list), Folder: "/etc/slo"})
			if diff := cmp.Diff(test.want, got); diff != "" || c != nil {
				t.Errorf("%v (-want +got):\n%s", c, diff)
			}
		})
	}
}

// Files add jobs; their relative paths start where they lie.
func TestParseFiles(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one.yml", "scrape_configs:\n- {job_name: one, file_sd_configs: [{files: [targets.yml]}]}\n")
	write("two.yml", "scrape_configs: [{job_name: two}]\n")
	source := Source{List: []byte("- {job_name: main}"), Files: []string{filepath.Join(folder, "*.yml")}, Folder: "/elsewhere"}
	c, problems := Parse(source)
	if diff := cmp.Diff([]string{"main", "one", "two"}, c.Jobs()); diff != "" || len(problems) > 0 {
		t.Fatalf("%v (-want +got):\n%s", problems, diff)
	}
	write("two.yml", "scrape_configs: [{job_name: main}]\n")
	write("three.yml", "global: {}\n")
	write("zero.yml", "}{")
	c, problems = Parse(source)
	if diff := cmp.Diff([]Problem{
		{"scrape_config_files[0] three.yml", `unknown field "global": such a file holds scrape_configs only`, ""},
		{"scrape_config_files[0] two.yml scrape_configs[0].job_name", `"main" is there twice, first at scrape_configs[0]`, "give each job a name of its own"},
		{"scrape_config_files[0] zero.yml", "yaml: did not find expected node content", ""},
	}, problems); diff != "" || c != nil {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("- {job_name: a, static_configs: [{targets: ['a:1'], labels: {a: b}}]}"))
	f.Add([]byte("- job_name: a\n  relabel_configs: [{regex: '(', replacement: '${1}'}]\n  params: {a: [b]}"))
	f.Add([]byte("- &a {job_name: a}\n- *a\n- []\n- 1"))
	f.Fuzz(func(t *testing.T, list []byte) {
		c, problems := Parse(Source{List: list})
		if (c == nil) != (len(problems) > 0) {
			t.Errorf("%v with problems %v", c, problems)
		}
		for _, p := range problems {
			if p.Path == "" || p.Message == "" {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
