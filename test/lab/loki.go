package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// lokiConfig is a Loki of one process that keeps its data in a folder, admits
// senders at once, and neither looks for others nor reports to anybody.
const lokiConfig = `
auth_enabled: {{auth}}
server:
  http_listen_address: {{host}}
  http_listen_port: {{port}}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: 0
  log_level: warn
common:
  instance_addr: 127.0.0.1
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
  path_prefix: {{dir}}/data
  storage: {filesystem: {chunks_directory: {{dir}}/data/chunks, rules_directory: {{dir}}/data/rules}}
ingester:
  lifecycler: {min_ready_duration: 0s, final_sleep: 0s}
frontend: {scheduler_dns_lookup_period: 200ms}
frontend_worker: {dns_lookup_duration: 200ms}
schema_config:
  configs:
    - {from: 2020-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
limits_config: {discover_service_name: [], discover_log_levels: false}
pattern_ingester: {enabled: false}
analytics: {reporting_enabled: false}
`

// Loki is a running server that takes pushes (/loki/api/v1/push) and OTLP logs
// (/otlp/v1/logs), and answers LogQL.
type Loki struct {
	*Process
	Addr string // host:port
	URL  string // http://Addr

	binary, dir string
	auth        bool
}

// LokiStream is the lines of one set of labels, as a query returns them.
type LokiStream struct {
	Labels map[string]string `json:"stream"`
	// Values are pairs of a time, in ns since 1970, and a line.
	Values [][2]string `json:"values"`
}

// StartLoki starts a Loki of one tenant that is ready for pushes and queries.
func StartLoki(tb testing.TB) *Loki { return startLoki(tb, false) }

// StartLokiOfTenants starts one that wants to know whose each request is: the
// header X-Scope-OrgID.
func StartLokiOfTenants(tb testing.TB) *Loki { return startLoki(tb, true) }

func startLoki(tb testing.TB, auth bool) *Loki {
	tb.Helper()
	l := &Loki{binary: Binary(tb, "loki"), dir: tb.TempDir(), auth: auth}
	l.Process, l.Addr = startListening(tb, func(addr string) Cmd { return l.command(tb, addr) })
	l.URL = "http://" + l.Addr
	return l
}

// Restart starts one that has ended again, at its address and with its data.
func (l *Loki) Restart(tb testing.TB) {
	tb.Helper()
	l.Process = Start(tb, l.command(tb, l.Addr))
}

func (l *Loki) command(tb testing.TB, addr string) Cmd {
	host, port, _ := strings.Cut(addr, ":")
	writeFiles(tb, l.dir, map[string]string{"loki.yaml": strings.NewReplacer(
		"{{host}}", host, "{{port}}", port, "{{dir}}", l.dir, "{{auth}}", strconv.FormatBool(l.auth),
	).Replace(lokiConfig)})
	return Cmd{
		Name:  l.binary,
		Args:  []string{"-config.file=" + filepath.Join(l.dir, "loki.yaml")},
		Dir:   l.dir,
		Ready: HTTPReady("http://" + addr + "/ready"),
	}
}

// QueryRange evaluates a log query over the time from since until a minute
// from now, oldest lines first, at most 5000 of them.
func (l *Loki) QueryRange(ctx context.Context, logql string, since time.Time) ([]LokiStream, error) {
	var answer struct {
		Data struct {
			ResultType string          `json:"resultType"`
			Result     json.RawMessage `json:"result"`
		} `json:"data"`
	}
	values := url.Values{
		"query": {logql}, "direction": {"forward"}, "limit": {"5000"},
		"start": {strconv.FormatInt(since.UnixNano(), 10)},
		"end":   {strconv.FormatInt(time.Now().Add(time.Minute).UnixNano(), 10)},
	}
	if err := getJSON(ctx, l.URL+"/loki/api/v1/query_range?"+values.Encode(), &answer); err != nil {
		return nil, fmt.Errorf("query %s: %w", logql, err)
	}
	if got := answer.Data.ResultType; got != "streams" {
		return nil, fmt.Errorf("query %s: the result is a %s, not streams", logql, got)
	}
	var streams []LokiStream
	err := json.Unmarshal(answer.Data.Result, &streams)
	return streams, err
}
