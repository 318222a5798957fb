package config

import (
	"log/slog"
	"net/url"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/internal/ingest"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Config is slo-engine.yaml with its defaults filled in and its paths
// resolved. It is not changed after Load.
type Config struct {
	// Listen is the address of the HTTP port. Default 127.0.0.1:9490.
	Listen string `yaml:"listen"`
	// OTLP holds the addresses of the OTLP receivers.
	OTLP OTLP `yaml:"otlp"`
	// SLOFiles are the globs of the SLO documents. Default slos/*.y*ml.
	SLOFiles []string `yaml:"slo_files"`
	// Formats says how documents of other products are read.
	Formats Formats `yaml:"formats"`
	// EvaluationInterval is the time between ticks, in whole seconds, 1 s to
	// 1 m. Default 1 s.
	EvaluationInterval time.Duration `yaml:"evaluation_interval"`
	// Lateness is how far behind the newest a sample may be and still count
	// where it happened, 0 to 1 h. Default 10 m.
	Lateness time.Duration `yaml:"lateness"`
	Storage  Storage       `yaml:"storage"`
	Alerting Alerting      `yaml:"alerting"`
	Auth     Auth          `yaml:"auth"`
	// ExternalURL is where people and other systems reach the engine. nil: not
	// said; links then use Listen.
	ExternalURL URL `yaml:"external_url"`
	// RoutePrefix is put before all paths: "/" or "/a/b", without a slash at
	// the end. Default: the path of ExternalURL.
	RoutePrefix string `yaml:"route_prefix"`
	// Prometheus are the servers whose samples are read. Default none.
	Prometheus []Backend `yaml:"prometheus"`
	// Loki are the servers that are asked in LogQL. Default none.
	Loki []Backend `yaml:"loki"`
	// Scrape, ScrapeConfigs and ScrapeConfigFiles say which targets are scraped.
	// Default none.
	Scrape        Scrape        `yaml:"scrape"`
	ScrapeConfigs ScrapeConfigs `yaml:"scrape_configs"`
	// ScrapeConfigFiles are patterns of files with further scrape_configs.
	ScrapeConfigFiles []string `yaml:"scrape_config_files"`
	// RemoteWrite is where the history is sent on.
	RemoteWrite RemoteWrite `yaml:"remote_write"`
	Limits      Limits      `yaml:"limits"`
	HA          HA          `yaml:"ha"`
	Log         Log         `yaml:"log"`
	Tracing     Tracing     `yaml:"tracing"`
	Notify      Notify      `yaml:"notify"`
	Remediation Remediation `yaml:"remediation"`
	Sampling    Sampling    `yaml:"sampling"`
	Gates       Gates       `yaml:"gates"`
	Scaling     Scaling     `yaml:"scaling"`

	Shard strictyaml.Later `yaml:"shard,omitempty"`
}

// OTLP holds the addresses of the OTLP receivers; an empty one is off.
type OTLP struct {
	// GRPC defaults to 127.0.0.1:4317, HTTP to 127.0.0.1:4318.
	GRPC Address `yaml:"grpc"`
	HTTP Address `yaml:"http"`
	// Receiver is who listens: direct, our own, or collector, that of the
	// OpenTelemetry Collector. Default direct.
	Receiver string `yaml:"receiver"`
}

// Formats says how SLO documents of other products are read.
type Formats struct {
	// Strict refuses what the products themselves refuse, and what is not
	// measured here. Default false: these are warnings.
	Strict bool `yaml:"strict"`
	// SlothPeriod is the window of Sloth's SLOs, as --default-slo-period is to
	// Sloth. Default 30 d.
	SlothPeriod time.Duration `yaml:"sloth_period"`
}

// Storage says where the engine keeps what must survive a restart.
type Storage struct {
	// Path is the data folder. Default data.
	Path string `yaml:"path"`
	// FsyncInterval is how long what was counted may wait for the disk: what
	// the loss of power can take. 0: every request waits for it. Default
	// 500 ms.
	FsyncInterval time.Duration `yaml:"fsync_interval"`

	// Retention is how long the history is kept; 0: there is none. Default
	// 400 d.
	Retention time.Duration `yaml:"retention"`
	// HistoryInterval is the time between its samples, 1 s to 5 m. Default 1 m.
	HistoryInterval time.Duration `yaml:"history_interval"`
	// HistoryMaxBytes bounds the history on disk, whose oldest part goes then;
	// 0: nothing does. Default 20 GiB.
	HistoryMaxBytes int64 `yaml:"history_max_bytes"`

	// State is where actions at gateways are kept. Default sqlite.
	State State `yaml:"state"`
}

// Alerting says where alerts go.
type Alerting struct {
	// Alertmanagers get every alert. None: the embedded one does.
	Alertmanagers []Alertmanager `yaml:"alertmanagers"`
	// AlertmanagerConfig is the file that configures the embedded one; empty:
	// its defaults. Not allowed together with Alertmanagers.
	AlertmanagerConfig string `yaml:"alertmanager_config"`
	// ResendInterval is how often a firing alert is sent again, at least 1 s.
	// Default 1 m.
	ResendInterval time.Duration `yaml:"resend_interval"`
}

// Alertmanager is one Alertmanager, and how to talk to it: the fields of
// Prometheus's HTTP client configuration stand beside its url.
type Alertmanager struct {
	// URL is its address, with its path prefix if it has one.
	URL URL `yaml:"url" need:"an address such as http://127.0.0.1:9093"`

	promconfig.HTTPClientConfig `yaml:",inline"`
}

// Limits bound what the engine takes on.
type Limits struct {
	// The fields of ingest.Limits bound one request.
	ingest.Limits `yaml:",inline"`
	// MaxSeries bounds the series kept for all SLOs. Default 1,000,000.
	MaxSeries int `yaml:"max_series"`
	// ExportedInstances bounds the SLO instances on /metrics/slo. Default
	// 10,000; 0 exports none.
	ExportedInstances int `yaml:"exported_instances"`
}

// HA tells replicas of one Prometheus apart, so that only one is counted.
type HA struct {
	// ClusterLabel names the pair, ReplicaLabel the replica. Defaults cluster
	// and __replica__; both empty switch it off.
	ClusterLabel string `yaml:"cluster_label"`
	ReplicaLabel string `yaml:"replica_label"`
	// FailoverTimeout is the silence after which the other replica is
	// followed, at least 1 s. Default 30 s.
	FailoverTimeout time.Duration `yaml:"failover_timeout"`
}

// Log says what is logged.
type Log struct {
	// Level is debug, info, warn or error. Default info.
	Level Level `yaml:"level"`
	// Format is text or json. Default text.
	Format string `yaml:"format"`
}

// Tracing says where the engine's own traces go.
type Tracing struct {
	// OTLPEndpoint is the host:port of an OTLP/HTTP receiver. Empty: off.
	OTLPEndpoint string `yaml:"otlp_endpoint"`
	// Insecure talks to it without TLS. Default false.
	Insecure bool `yaml:"insecure"`
	// SampleRatio is the share of traces kept, 0 to 1. Default 0.1.
	SampleRatio float64 `yaml:"sample_ratio"`
}

// Default returns what holds where the user said nothing. Its paths are
// relative to the working folder.
func Default() *Config {
	return &Config{
		Listen:             "127.0.0.1:9490",
		OTLP:               OTLP{GRPC: "127.0.0.1:4317", HTTP: "127.0.0.1:4318", Receiver: "direct"},
		SLOFiles:           []string{"slos/*.y*ml"},
		Formats:            Formats{SlothPeriod: 30 * 24 * time.Hour},
		EvaluationInterval: time.Second,
		Lateness:           10 * time.Minute,
		Storage: Storage{
			Path: "data", FsyncInterval: 500 * time.Millisecond,
			Retention: 400 * 24 * time.Hour, HistoryInterval: time.Minute, HistoryMaxBytes: 20 << 30, State: SQLite,
		},
		Scrape:   Scrape{Interval: 15 * time.Second, Timeout: 10 * time.Second},
		Alerting: Alerting{ResendInterval: time.Minute},
		Limits:   Limits{Limits: ingest.DefaultLimits(), MaxSeries: 1_000_000, ExportedInstances: 10_000},
		HA:       HA{ClusterLabel: "cluster", ReplicaLabel: "__replica__", FailoverTimeout: 30 * time.Second},
		Log:      Log{Format: "text"},
		Tracing:  Tracing{SampleRatio: 0.1},
		Sampling: DefaultSampling(),
		Scaling:  DefaultScaling(),
		Remediation: Remediation{
			Mode: RemediationDryRun, MaxOpen: 20, MaxPerHour: 60, CallTimeout: 5 * time.Second,
			Storm:   Storm{Services: 5, For: 5 * time.Minute},
			Inbound: Inbound{MaxAlerts: 20_000, MaxAge: 24 * time.Hour, StaleAfter: 24 * time.Hour},
		},
	}
}

// URL is an http or https address that keeps its password to itself. The zero
// value is none.
type URL struct{ *url.URL }

// Address is a host:port, or empty for off.
type Address string

// Level is the least severe level that is logged. It is a slog.Leveler.
type Level slog.Level
