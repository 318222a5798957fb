package config

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Backend is a server that is asked, and how to talk to it: the fields of
// Prometheus's HTTP client configuration stand beside its url.
type Backend struct {
	// Name is what SLOs call it; no two have the same. Default main, of a Loki
	// loki.
	Name string `yaml:"name"`
	// URL is its address, with its path prefix if it has one.
	URL URL `yaml:"url" need:"an address such as http://127.0.0.1:9090"`
	// PollInterval is the time between two polls of an SLO, 1 s to 5 m. Default
	// 15 s. SLOs that are queries have a step of their own; of a Loki it is the
	// time after which a failed query is tried again.
	PollInterval time.Duration `yaml:"poll_interval"`
	// QueryDelay is how long after the end of its step a query is asked: by then
	// the server must have all that happened, 1 s to 10 m. Default 30 s.
	QueryDelay time.Duration `yaml:"query_delay"`
	// QueryTimeout bounds one query. Default 30 s.
	QueryTimeout time.Duration `yaml:"query_timeout"`
	// MaxQueriesPerSecond bounds the queries, those of the past included.
	// Default 10.
	MaxQueriesPerSecond float64 `yaml:"max_queries_per_second"`
	// NoBackfill leaves the past unread.
	NoBackfill bool `yaml:"no_backfill"`

	promconfig.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalValue fills in the defaults of the HTTP client first.
func (b *Backend) UnmarshalValue(v strictyaml.Value) {
	type plain Backend // without this method
	p := plain{HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
	v.Decode(&p)
	*b = Backend(p)
}

// backends checks the servers that are asked, and puts in what goes without
// saying.
func (v *validator) backends() {
	seen := map[string]bool{}
	for i := range v.config.Prometheus {
		v.backend(&v.config.Prometheus[i], strictyaml.Index("prometheus", i), "main", "http://127.0.0.1:9090", seen)
	}
	for i := range v.config.Loki {
		v.backend(&v.config.Loki[i], strictyaml.Index("loki", i), "loki", "http://127.0.0.1:3100", seen)
	}
}

// backend checks one; seen are the names of those before it.
func (v *validator) backend(b *Backend, path, name, example string, seen map[string]bool) {
	b.Name = cmp.Or(b.Name, name)
	b.PollInterval = cmp.Or(b.PollInterval, 15*time.Second)
	b.QueryDelay = cmp.Or(b.QueryDelay, 30*time.Second)
	b.QueryTimeout = cmp.Or(b.QueryTimeout, 30*time.Second)
	b.MaxQueriesPerSecond = cmp.Or(b.MaxQueriesPerSecond, 10)
	if b.URL.URL == nil {
		v.fail(path+".url", "is empty", "write an address such as "+example)
	}
	if seen[b.Name] {
		v.fail(path+".name", strconv.Quote(b.Name)+" is there twice", "give each a name of its own")
	}
	seen[b.Name] = true
	v.between(path+".poll_interval", b.PollInterval, time.Second, 5*time.Minute)
	v.between(path+".query_delay", b.QueryDelay, time.Second, 10*time.Minute)
	v.between(path+".query_timeout", b.QueryTimeout, time.Second, 10*time.Minute)
	if q := b.MaxQueriesPerSecond; !(q > 0) || q > 1000 {
		v.fail(path+".max_queries_per_second", fmt.Sprintf("must be above 0 and at most 1000, not %v", q), "remove it for the default of 10")
	}
}
