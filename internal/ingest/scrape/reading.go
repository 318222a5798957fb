package scrape

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"go.yaml.in/yaml/v3"
)

// reading is one Parse.
type reading struct {
	source   Source
	found    []*config.ScrapeConfig
	jobs     map[string]string // name to where it stands
	problems []Problem
}

func (r *reading) fail(path, message, fix string) {
	r.problems = append(r.problems, Problem{path, message, fix})
}

// maxFileBytes bounds one file of scrape_config_files.
const maxFileBytes = 16 << 20

// files reads the files that a pattern matches.
func (r *reading) files(pattern, path string) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		r.fail(path, fmt.Sprintf("%q is not a pattern", pattern), "close every [, or write \\[ for the character")
	}
	for _, name := range names {
		if err := r.file(name, path); err != nil {
			r.fail(path+" "+filepath.Base(name), err.Error(), "")
		}
	}
}

// file reads a file of scrape configurations.
func (r *reading) file(name, path string) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.Size() > maxFileBytes {
		return fmt.Errorf("the file has %d bytes, more than %d", info.Size(), maxFileBytes)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var file map[string]yaml.Node
	if err := yaml.Unmarshal(text, &file); err != nil {
		return err
	}
	for field, node := range file {
		if field != "scrape_configs" {
			return fmt.Errorf("unknown field %q: such a file holds scrape_configs only", field)
		}
		r.items(&node, path+" "+filepath.Base(name)+" scrape_configs", filepath.Dir(name))
	}
	return nil
}

// list reads the text of a list.
func (r *reading) list(text []byte, path, folder string) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		r.fail(path, err.Error(), "")
	} else if len(document.Content) > 0 {
		r.items(document.Content[0], path, folder)
	}
}

// items reads a list one by one: what is wrong with one says nothing of the
// others.
func (r *reading) items(list *yaml.Node, path, folder string) {
	if list.Kind != yaml.SequenceNode {
		r.fail(path, "must be a list", "write it as a Prometheus has it, such as [{job_name: shop, static_configs: [{targets: ['127.0.0.1:8080']}]}]")
		return
	}
	for i, node := range list.Content {
		r.item(node, fmt.Sprintf("%s[%d]", path, i), folder)
	}
}

// item reads one scrape configuration.
func (r *reading) item(node *yaml.Node, path, folder string) {
	if problem := unknownDiscovery(node, path); problem != nil {
		r.problems = append(r.problems, *problem)
		return
	}
	text := r.document(withClassicHistograms(unfolded(node)))
	parsed, err := config.Load(text, slog.New(slog.DiscardHandler))
	if err != nil {
		r.problems = append(r.problems, located(err, text, path)...)
		return
	}
	job := parsed.ScrapeConfigs[0]
	job.SetDirectory(folder)
	if problem := r.unusable(job, path); problem != nil {
		r.problems = append(r.problems, *problem)
		return
	}
	r.jobs[job.JobName] = path
	r.found = append(r.found, job)
}

// unusable is what the library would find out only when it is under way, and
// then merely log.
func (r *reading) unusable(job *config.ScrapeConfig, path string) *Problem {
	if first, ok := r.jobs[job.JobName]; ok {
		return &Problem{path + ".job_name", fmt.Sprintf("%q is there twice, first at %s", job.JobName, first), "give each job a name of its own"}
	}
	if job.ConvertClassicHistogramsToNHCBEnabled() {
		return &Problem{path + ".convert_classic_histograms_to_nhcb", "cannot be read together with the start times of counters", "remove it: classic histograms count as they are"}
	}
	if _, err := promconfig.NewClientFromConfig(job.HTTPClientConfig, job.JobName); err != nil {
		return &Problem{path, "the HTTP client cannot be made: " + err.Error(), ""}
	}
	return nil
}

// protocols are asked for in this order where a job does not choose. Protobuf
// alone has start times and native histograms.
var protocols = config.DefaultProtoFirstScrapeProtocols

// document is a configuration of Prometheus with one job.
func (r *reading) document(job *yaml.Node) string {
	interval := cmp.Or(r.source.Interval, 15*time.Second)
	timeout := cmp.Or(r.source.Timeout, min(interval, 10*time.Second))
	text, err := yaml.Marshal(map[string]any{
		"global": map[string]any{
			"scrape_interval": model.Duration(interval).String(), "scrape_timeout": model.Duration(timeout).String(),
			"scrape_protocols": protocols,
		},
		"scrape_configs": []*yaml.Node{job},
	})
	if err != nil {
		return "" // a tree that was read can be written
	}
	return string(text)
}

// withClassicHistograms asks for both forms of a histogram that has two.
func withClassicHistograms(job *yaml.Node) *yaml.Node {
	const field = "always_scrape_classic_histograms"
	if job.Kind != yaml.MappingNode || slices.ContainsFunc(job.Content, func(n *yaml.Node) bool { return n.Value == field }) {
		return job
	}
	with := *job
	with.Content = append(slices.Clone(job.Content), &yaml.Node{Kind: yaml.ScalarNode, Value: field}, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
	return &with
}
