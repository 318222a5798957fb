package config

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Validate returns everything that is wrong with the values: ranges,
// addresses, and what must not stand together. It also puts RoutePrefix into
// its one form.
func (c *Config) Validate() strictyaml.Problems {
	v := validator{config: c}
	v.auth()
	v.addresses()
	v.files()
	v.times()
	v.alerting()
	v.backends()
	v.scrapes()
	v.routes()
	v.limits()
	v.ha()
	v.logging()
	v.tracing()
	v.loki()
	v.webhooks()
	v.sampling()
	v.remediation()
	v.gates()
	v.scaling()
	return v.problems
}

type validator struct {
	config   *Config
	problems strictyaml.Problems
}

func (v *validator) fail(path, message, fix string) {
	v.problems = append(v.problems, strictyaml.Problem{Path: path, Message: message, Fix: fix})
}

func (v *validator) files() {
	if v.config.Storage.Path == "" {
		v.fail("storage.path", "is empty", "write a folder, such as data")
	}
	if len(v.config.SLOFiles) == 0 {
		v.fail("slo_files", "is empty", "write a pattern, such as slos/*.yaml")
	}
	for i, pattern := range v.config.SLOFiles {
		at := strictyaml.Index("slo_files", i)
		if pattern == "" {
			v.fail(at, "is empty", "write a pattern, such as slos/*.yaml")
		} else if _, err := filepath.Match(pattern, ""); err != nil {
			v.fail(at, fmt.Sprintf("%q is not a pattern", pattern), "close every [, or write \\[ for the character")
		}
	}
}

func (v *validator) times() {
	c := v.config
	if r := c.OTLP.Receiver; r != "direct" && r != "collector" {
		v.fail("otlp.receiver", strconv.Quote(r)+" is not known", "write direct or collector")
	}
	v.between("evaluation_interval", c.EvaluationInterval, time.Second, time.Minute)
	if c.EvaluationInterval%time.Second != 0 {
		v.fail("evaluation_interval", slo.FormatDuration(c.EvaluationInterval)+" is not a whole number of seconds", "write 1s, or a multiple of it")
	}
	v.between("storage.fsync_interval", c.Storage.FsyncInterval, 0, time.Minute)
	v.between("storage.history_interval", c.Storage.HistoryInterval, time.Second, 5*time.Minute)
	if r := c.Storage.Retention; r != 0 && r < 3*time.Hour {
		v.fail("storage.retention", slo.FormatDuration(r)+" is too short for a history", "write at least 3h, or 0s for none")
	}
	if c.Storage.HistoryMaxBytes < 0 {
		v.fail("storage.history_max_bytes", "must not be below 0", "write a number of bytes, or 0 for no bound")
	}
	v.between("formats.sloth_period", c.Formats.SlothPeriod, slo.MinRolling, slo.MaxRolling)
	v.between("lateness", c.Lateness, 0, time.Hour)
	v.between("alerting.resend_interval", c.Alerting.ResendInterval, time.Second, 24*time.Hour)
	v.between("ha.failover_timeout", c.HA.FailoverTimeout, time.Second, 24*time.Hour)
}

func (v *validator) between(path string, d, least, most time.Duration) {
	switch {
	case d < least:
		v.fail(path, slo.FormatDuration(d)+" is too short", "write at least "+slo.FormatDuration(least))
	case d > most:
		v.fail(path, slo.FormatDuration(d)+" is too long", "write at most "+slo.FormatDuration(most))
	}
}

func (v *validator) alerting() {
	a := v.config.Alerting
	if len(a.Alertmanagers) > 0 && a.AlertmanagerConfig != "" {
		v.fail("alerting.alertmanager_config", "is for the embedded Alertmanager, which does not run when alertmanagers are named", "keep one of the two")
	}
	seen := map[string]bool{}
	for i, m := range a.Alertmanagers {
		path := strictyaml.Key(strictyaml.Index("alerting.alertmanagers", i), "url")
		switch address := m.URL.String(); {
		case m.URL.URL == nil:
			v.fail(path, "is empty", "write an address such as http://127.0.0.1:9093")
		case seen[address]:
			v.fail(path, "is there twice", "remove one of them")
		default:
			seen[address] = true
		}
	}
}

func (v *validator) routes() {
	c := v.config
	prefix := c.RoutePrefix
	if prefix == "" && c.ExternalURL.URL != nil {
		prefix = c.ExternalURL.Path
	}
	u, err := url.Parse("http://host/" + strings.Trim(prefix, "/"))
	if err != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(prefix, " {}") {
		v.fail("route_prefix", fmt.Sprintf("%q is not a path", prefix), "write a path such as /slo")
		return
	}
	c.RoutePrefix = "/" + strings.Trim(prefix, "/")
}

func (v *validator) limits() {
	l := v.config.Limits
	for _, limit := range []struct {
		path        string
		value, most int64
	}{
		{"limits.max_body_bytes", l.MaxBodyBytes, 1 << 30},
		{"limits.max_decoded_bytes", l.MaxDecodedBytes, 1 << 32},
		{"limits.max_labels", int64(l.MaxLabels), 10_000},
		{"limits.max_label_name_bytes", int64(l.MaxLabelNameBytes), 1 << 20},
		{"limits.max_label_value_bytes", int64(l.MaxLabelValueBytes), 1 << 20},
		{"limits.max_series", int64(l.MaxSeries), 100_000_000},
	} {
		if limit.value < 1 || limit.value > limit.most {
			v.fail(limit.path, fmt.Sprintf("must be between 1 and %d, not %d", limit.most, limit.value), "remove it for the default")
		}
	}
	if l.ExportedInstances < 0 {
		v.fail("limits.exported_instances", fmt.Sprintf("must not be negative, and is %d", l.ExportedInstances), "write 0 to export none")
	}
}

func (v *validator) ha() {
	h := v.config.HA
	v.labelName("ha.cluster_label", h.ClusterLabel)
	v.labelName("ha.replica_label", h.ReplicaLabel)
	switch {
	case (h.ClusterLabel == "") != (h.ReplicaLabel == ""):
		v.fail("ha", "needs both cluster_label and replica_label", "write both, or make both empty to switch it off")
	case h.ClusterLabel != "" && h.ClusterLabel == h.ReplicaLabel:
		v.fail("ha.replica_label", "is the same as cluster_label", "write the label that differs between replicas")
	}
}

func (v *validator) labelName(path, name string) {
	if name != "" && !model.UTF8Validation.IsValidLabelName(name) {
		v.fail(path, fmt.Sprintf("%q is not a label name", name), "write a label such as cluster")
	}
}

func (v *validator) logging() {
	if f := v.config.Log.Format; !slices.Contains([]string{"text", "json"}, f) {
		v.fail("log.format", fmt.Sprintf("%q is not a format", f), "write text or json")
	}
}

func (v *validator) tracing() {
	t := v.config.Tracing
	if t.OTLPEndpoint != "" {
		v.address("tracing.otlp_endpoint", t.OTLPEndpoint, 1)
	}
	if math.IsNaN(t.SampleRatio) || t.SampleRatio < 0 || t.SampleRatio > 1 {
		v.fail("tracing.sample_ratio", fmt.Sprintf("must be between 0 and 1, not %v", t.SampleRatio), "write 1 for every trace, 0.1 for every tenth")
	}
}
