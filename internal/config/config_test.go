package config

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/ingest"
)

// write puts a configuration into a folder of its own.
func write(t testing.TB, text string) (path, folder string) {
	t.Helper()
	folder = t.TempDir()
	path = filepath.Join(folder, "slo-engine.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, folder
}

func load(t testing.TB, text string) (*Config, string) {
	t.Helper()
	path, folder := write(t, text)
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c, folder
}

func TestDefaultsHold(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "comment": "# nothing\n", "nulls": "listen:\notlp:\nstorage: {path: }\nprometheus:\n"} {
		t.Run(name, func(t *testing.T) {
			c, folder := load(t, text)
			want := Default()
			want.Storage.Path = filepath.Join(folder, "data")
			want.SLOFiles = []string{filepath.Join(folder, "slos/*.y*ml")}
			want.RoutePrefix = "/"
			if diff := cmp.Diff(want.String(), c.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLoadWithoutFile(t *testing.T) {
	c, err := Load("", func(c *Config) { c.Listen = "127.0.0.1:1" })
	if err != nil || c.Listen != "127.0.0.1:1" || c.Storage.Path != "data" {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestLoadEverything(t *testing.T) {
	t.Setenv("AM_PASSWORD", "123 $x")
	c, folder := load(t, `
listen: "[::1]:9000"
otlp: {grpc: off, http: 127.0.0.1:0, receiver: collector}
slo_files: [a/*.yaml, /abs/*.yml]
evaluation_interval: 5s
lateness: 0s
storage: {path: /var/lib/slo, fsync_interval: 2s}
alerting:
  alertmanagers:
  - url: http://am:9093/prefix
    basic_auth: {username: "$$me", password: "${AM_PASSWORD}"}
    tls_config: {ca_file: ca.pem, min_version: TLS12}
    proxy_url: http://proxy:3128
    follow_redirects: false
  - url: https://am2
  resend_interval: 30s
auth: {allow_unauthenticated: [viewer, ingest]}
external_url: https://slo.example.org/engine/
limits: {max_body_bytes: 1000, max_series: 5, exported_instances: 0}
ha: {cluster_label: c, replica_label: r, failover_timeout: 1m}
log: {level: warn, format: json}
tracing: {otlp_endpoint: "tempo:4318", insecure: true, sample_ratio: 1}
`)
	limits := ingest.DefaultLimits()
	limits.MaxBodyBytes = 1000
	if diff := cmp.Diff(Limits{Limits: limits, MaxSeries: 5}, c.Limits); diff != "" {
		t.Error(diff)
	}
	am := c.Alerting.Alertmanagers[0]
	got := map[string]any{
		"listen": c.Listen, "grpc": c.OTLP.GRPC, "http": c.OTLP.HTTP, "receiver": c.OTLP.Receiver, "files": strings.Join(c.SLOFiles, " "),
		"interval": c.EvaluationInterval, "lateness": c.Lateness, "path": c.Storage.Path, "fsync": c.Storage.FsyncInterval,
		"url": am.URL.String(), "user": am.BasicAuth.Username, "password": string(am.BasicAuth.Password),
		"ca": am.TLSConfig.CAFile, "redirects": am.FollowRedirects, "http2": am.EnableHTTP2, "proxy": am.ProxyURL.String(),
		"second": c.Alerting.Alertmanagers[1].URL.String(), "resend": c.Alerting.ResendInterval,
		"external": c.ExternalURL.String(), "prefix": c.RoutePrefix, "ha": c.HA,
		"level": c.Log.Level.Level(), "format": c.Log.Format, "tracing": c.Tracing,
	}
	want := map[string]any{
		"listen": "[::1]:9000", "grpc": Address(""), "http": Address("127.0.0.1:0"), "receiver": "collector", "files": folder + "/a/*.yaml /abs/*.yml",
		"interval": 5 * time.Second, "lateness": time.Duration(0), "path": "/var/lib/slo", "fsync": 2 * time.Second,
		"url": "http://am:9093/prefix", "user": "$me", "password": "123 $x",
		"ca": folder + "/ca.pem", "redirects": false, "http2": true, "proxy": "http://proxy:3128",
		"second": "https://am2", "resend": 30 * time.Second,
		"external": "https://slo.example.org/engine/", "prefix": "/engine", "ha": HA{"c", "r", time.Minute},
		"level": slog.LevelWarn, "format": "json", "tracing": Tracing{"tempo:4318", true, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadProblems(t *testing.T) {
	login := "name a tokens_file or a web_config_file under auth, "
	open := login + "write auth: {allow_unauthenticated: [viewer, ingest]} if that is meant, or listen on 127.0.0.1"
	later := " is not supported by this version; remove it"
	tests := map[string]struct {
		text string
		want []string
	}{
		"unknown": {"lissten: a", []string{`1: lissten: unknown field; did you mean "listen"?`}},
		"prometheus": {"prometheus:\n- {name: a, url: 'http://p', poll_interval: 10m}\n- {name: a, url: 'http://q', max_queries_per_second: -1}", []string{
			"2: prometheus[0].poll_interval: 10m is too long; write at most 5m",
			"3: prometheus[1].max_queries_per_second: must be above 0 and at most 1000, not -1; remove it for the default of 10",
			"3: prometheus[1].name: \"a\" is there twice; give each a name of its own",
		}},
		"no url of loki": {"notify: {loki: {tenant: a}}", []string{
			`1: notify.loki.tenant: unknown field; did you mean "tenant_id"?`,
			"1: notify.loki.url: is missing; write an address such as http://127.0.0.1:3100",
		}},
		"loki": {"notify:\n  loki:\n    url: http://loki\n    labels: {env: x, kind: y, a.b: z}\n    batch_wait: 1m\n    batch_size: 10\n    timeout: 1m", []string{
			"4: notify.loki.labels.kind: is a label of the engine's own; choose another name",
			`4: notify.loki.labels["a.b"]: is no name of a label in Loki; write letters, digits and _, such as cluster`,
			"5: notify.loki.batch_wait: 1m is too long; write at most 5s",
			"6: notify.loki.batch_size: must be between 1024 and 16777216 bytes, not 10; remove it for the default of 1048576",
			"7: notify.loki.timeout: 1m is too long; write at most 5s",
		}},
		"client of loki": {"notify: {loki: {url: http://a, bearer_token: x, basic_auth: {username: x}}}", []string{"1: notify.loki: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"}},
		"remediation": {"remediation: {mode: on, max_open: 0, storm: {services: 1}, call_timeout: 1m}", []string{
			"1: remediation.call_timeout: 1m is too long; write at most 10s",
			"1: remediation.max_open: must be between 1 and 10000, not 0; remove it for the default",
			"1: remediation.mode: \"on\" is not known; write off, dry_run or enforce",
			"1: remediation.storm.services: must be between 2 and 100000, not 1; remove it for the default",
		}},
		"shard":   {"shard: 1/2", []string{"1: shard:" + later}},
		"storage": {"storage: {state: 'mysql://u:secret@h/d'}", []string{"1: storage.state: is no database that is known; write sqlite, or postgres://user@host/database"}},
		"history": {"storage: {retention: 1h, history_interval: 10m, history_max_bytes: -1}", []string{
			"1: storage.history_interval: 10m is too long; write at most 5m",
			"1: storage.history_max_bytes: must not be below 0; write a number of bytes, or 0 for no bound",
			"1: storage.retention: 1h is too short for a history; write at least 3h, or 0s for none",
		}},
		"open":               {"listen: 0.0.0.0:9490", []string{"1: listen: 0.0.0.0:9490 can be reached from other machines, and nobody has to log in; " + open}},
		"open, no host":      {"listen: :9490", []string{"1: listen: :9490 can be reached from other machines, and nobody has to log in; " + open}},
		"open, IPv6":         {"listen: '[::]:9490'", []string{"1: listen: [::]:9490 can be reached from other machines, and nobody has to log in; " + open}},
		"open, name":         {"listen: myhost:9490", []string{"1: listen: myhost:9490 can be reached from other machines, and nobody has to log in; " + open}},
		"open otlp":          {"otlp: {grpc: 0.0.0.0:4317}\nauth: {allow_unauthenticated: [viewer]}", []string{"1: otlp.grpc: 0.0.0.0:4317 can be reached from other machines, and nobody has to log in; " + login + "write auth: {allow_unauthenticated: [ingest]} if that is meant, or listen on 127.0.0.1"}},
		"no port":            {"listen: localhost", []string{`1: listen: "localhost" is not an address; write host:port, such as 127.0.0.1:9490`}},
		"listen off":         {"listen: off", []string{`1: listen: "off" is not an address; write host:port, such as 127.0.0.1:9490`}},
		"a URL":              {"listen: http://localhost:1", []string{`1: listen: "http://localhost:1" is not an address; write host:port, such as 127.0.0.1:9490`}},
		"port":               {"listen: localhost:99999", []string{`1: listen: "99999" is not a port; write host:port, such as 127.0.0.1:9490`}},
		"otlp false":         {"otlp: {grpc: false}", []string{"1: otlp.grpc: must be a string, not true or false; put it in quotes"}},
		"port twice":         {"listen: 127.0.0.1:4317", []string{"1: otlp.grpc: 127.0.0.1:4317 is taken by listen; write another port"}},
		"role":               {"auth: {allow_unauthenticated: [viewer, admin, injest]}", []string{`1: auth.allow_unauthenticated[1]: role "admin" cannot be given to everyone; remove it`, `1: auth.allow_unauthenticated[2]: "injest" is not a role; did you mean "ingest"?`}},
		"interval":           {"evaluation_interval: 500ms", []string{"1: evaluation_interval: 500ms is not a whole number of seconds; write 1s, or a multiple of it", "1: evaluation_interval: 500ms is too short; write at least 1s"}},
		"odd interval":       {"evaluation_interval: 1s500ms", []string{"1: evaluation_interval: 1s500ms is not a whole number of seconds; write 1s, or a multiple of it"}},
		"long interval":      {"evaluation_interval: 2m", []string{"1: evaluation_interval: 2m is too long; write at most 1m"}},
		"lateness":           {"lateness: 2h", []string{"1: lateness: 2h is too long; write at most 1h"}},
		"bare duration":      {"lateness: 10", []string{"1: lateness: must be a duration, not a number; write a number with a unit, such as 30s, 5m, 1h30m or 30d"}},
		"resend":             {"alerting: {resend_interval: 0s}", []string{"1: alerting.resend_interval: 0s is too short; write at least 1s"}},
		"both alertmanagers": {"alerting:\n  alertmanagers: [{url: http://a}]\n  alertmanager_config: a.yml", []string{"3: alerting.alertmanager_config: is for the embedded Alertmanager, which does not run when alertmanagers are named; keep one of the two"}},
		"alertmanager":       {"alerting:\n  alertmanagers:\n  - ulr: http://a", []string{"3: alerting.alertmanagers[0].ulr: unknown field; did you mean \"url\"?", "3: alerting.alertmanagers[0].url: is missing; write an address such as http://127.0.0.1:9093"}},
		"alertmanager twice": {"alerting: {alertmanagers: [{url: http://a}, {url: http://a}]}", []string{"1: alerting.alertmanagers[1].url: is there twice; remove one of them"}},
		"scheme":             {"alerting: {alertmanagers: [{url: 'localhost:9093'}]}", []string{"1: alerting.alertmanagers[0].url: must begin with http:// or https://; write an address such as http://127.0.0.1:9093"}},
		"client":             {"alerting:\n  alertmanagers:\n  - url: http://a\n    tls_config:\n      ca_fil: x", []string{`5: alerting.alertmanagers[0].tls_config.ca_fil: unknown field; did you mean "ca_file"?`}},
		"client conflict":    {"alerting:\n  alertmanagers:\n  - {url: http://a, bearer_token: x, basic_auth: {username: x}}", []string{"3: alerting.alertmanagers[0]: at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"}},
		"external_url":       {"external_url: slo.example.org", []string{"1: external_url: must begin with http:// or https://; write an address such as http://127.0.0.1:9093"}},
		"route_prefix":       {"route_prefix: /a?b", []string{`1: route_prefix: "/a?b" is not a path; write a path such as /slo`}},
		"limits":             {"limits:\n  max_labels: 0\n  max_series: -1", []string{"2: limits.max_labels: must be between 1 and 10000, not 0; remove it for the default", "3: limits.max_series: must be between 1 and 100000000, not -1; remove it for the default"}},
		"half an ha":         {"ha: {cluster_label: ''}", []string{"1: ha: needs both cluster_label and replica_label; write both, or make both empty to switch it off"}},
		"level":              {"log: {level: loud, format: xml}", []string{`1: log.format: "xml" is not a format; write text or json`, `1: log.level: "loud" is not a level; write debug, info, warn or error`}},
		"sample_ratio":       {"tracing: {sample_ratio: 2}", []string{"1: tracing.sample_ratio: must be between 0 and 1, not 2; write 1 for every trace, 0.1 for every tenth"}},
		"endpoint":           {"tracing: {otlp_endpoint: 'http://a:1'}", []string{`1: tracing.otlp_endpoint: "http://a:1" is not an address; write host:port, such as 127.0.0.1:9490`}},
		"pattern":            {"slo_files: ['a[', '']", []string{`1: slo_files[0]: "a[" is not a pattern; close every [, or write \[ for the character`, "1: slo_files[1]: is empty; write a pattern, such as slos/*.yaml"}},
		"no pattern":         {"slo_files: []", []string{"1: slo_files: is empty; write a pattern, such as slos/*.yaml"}},
		"unset":              {"listen: ${SLO_ENGINE_TEST_UNSET}", []string{"1: listen: environment variable SLO_ENGINE_TEST_UNSET is not set; set it, to nothing if that is meant"}},
		"syntax":             {"listen: [", []string{"1: not valid YAML: did not find expected node content"}},
		"two documents":      {"listen: a\n---\nlisten: b", []string{"2: the file has more than one document; remove what follows the second ---"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path, folder := write(t, test.text)
			c, err := Load(path)
			var problems Problems
			if c != nil || !errors.As(err, &problems) {
				t.Fatalf("got %v, %v", c, err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.ReplaceAll(strings.TrimPrefix(p.String(), path+":"), folder+"/", ""))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOpenOnPurpose(t *testing.T) {
	c, _ := load(t, "listen: 0.0.0.0:9490\notlp: {grpc: ':4317', http: '[::]:4318'}\nauth: {allow_unauthenticated: [viewer, ingest]}")
	if c.Listen != "0.0.0.0:9490" {
		t.Errorf("listen %q", c.Listen)
	}
	for _, address := range []string{"127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "LocalHost:1", "[::ffff:127.0.0.1]:1"} {
		if !isLoopback(address) {
			t.Errorf("%s is not taken for loopback", address)
		}
	}
}

func TestOverridesAreValidated(t *testing.T) {
	path, folder := write(t, "listen: 127.0.0.1:1\n")
	_, err := Load(path, func(c *Config) { c.Listen = "0.0.0.0:9490" })
	if err == nil || !strings.HasPrefix(err.Error(), path+":1: listen: 0.0.0.0:9490 can be reached") {
		t.Errorf("got %v", err)
	}
	c, err := Load(path, func(c *Config) { c.Storage.Path = "here" })
	if err != nil || c.Storage.Path != "here" || !strings.HasPrefix(c.SLOFiles[0], folder) {
		t.Errorf("got %v, %v", c, err)
	}
}

func TestRoutePrefix(t *testing.T) {
	for text, want := range map[string]string{
		"": "/", "route_prefix: /": "/", "route_prefix: a/b/": "/a/b", "external_url: http://h/x/": "/x",
		"external_url: http://h/x\nroute_prefix: /": "/", "external_url: http://h": "/",
	} {
		if c, _ := load(t, text); c.RoutePrefix != want {
			t.Errorf("%q: got %q, want %q", text, c.RoutePrefix, want)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	c, _ := load(t, `
external_url: http://u:hunter2@h/
alerting:
  alertmanagers:
  - url: http://me:hunter2@am:9093
    authorization: {credentials: hunter2}
    proxy_url: http://p:hunter2@proxy
`)
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("loaded", "config", c, "url", c.ExternalURL)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("loaded", "config", c, "am", c.Alerting.Alertmanagers[0])
	printed := fmt.Sprintf("%v %+v %s %#v %v %+v", c, c, c, c, c.Alerting, c.ExternalURL) + logged.String()
	if strings.Contains(printed, "hunter2") || !strings.Contains(printed, "am:9093") {
		t.Error(printed)
	}
	for _, text := range []string{
		"alerting: {alertmanagers: [{url: 'http://u:hunter2@ h'}]}",
		"alerting: {alertmanagers: [{url: http://a, proxy_url: 'http://u:hunter2@ h'}]}",
		"alerting: {alertmanagers: [{url: http://a, bearer_token: [hunter2]}]}",
		"alerting: {alertmanagers: [{url: http://a, oauth2: hunter2}]}",
		"external_url: 'ftp://u:hunter2@h'",
	} {
		path, _ := write(t, text)
		if _, err := Load(path); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestExpandEnv(t *testing.T) {
	expand := expandEnv(func(name string) (string, bool) {
		value, ok := map[string]string{"A": "1", "EMPTY": "", "LOOP": "${A}"}[name]
		return value, ok
	})
	tests := map[string]struct{ want, problem string }{
		"plain": {"plain", ""}, "${A}": {"1", ""}, "x${A}y${A}": {"x1y1", ""}, "${EMPTY}": {"", ""},
		"$$": {"$", ""}, "$${A}": {"${A}", ""}, "$$$$": {"$$", ""}, "$$${A}": {"$1", ""}, "$A $ 5$": {"$A $ 5$", ""},
		"${LOOP}": {"${A}", ""}, "${NO}": {"", "NO is not set"}, "${A": {"", "is not a variable"},
		"${1}": {"${1}", ""}, "${}": {"", "is not a variable"}, "${A:-b}": {"", "is not a variable"},
	}
	for text, test := range tests {
		got, problem, _ := expand(text)
		if test.problem == "" && (got != test.want || problem != "") || !strings.Contains(problem, test.problem) {
			t.Errorf("%q: got %q, %q, want %+v", text, got, problem, test)
		}
	}
}

func TestExpandOnlyStrings(t *testing.T) {
	t.Setenv("SLO_ENGINE_TEST_N", "5")
	path, _ := write(t, "limits: {max_series: '${SLO_ENGINE_TEST_N}'}\n")
	_, err := Load(path)
	if err == nil || !strings.Contains(err.Error(), "limits.max_series: must be a whole number, not a string") {
		t.Errorf("got %v", err)
	}
	path, _ = write(t, "${SLO_ENGINE_TEST_N}: a\n")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), `["${SLO_ENGINE_TEST_N}"]: unknown field`) {
		t.Errorf("got %v", err)
	}
}

func TestUnreadable(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{filepath.Join(folder, "none.yaml"), folder} {
		c, err := Load(path)
		if c != nil || err == nil || !strings.HasPrefix(err.Error(), "read configuration: ") {
			t.Errorf("got %v, %v", c, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	path, _ := write(t, strings.Repeat("#", maxFileBytes+1))
	if _, err := Load(path); !errors.Is(err, errTooLarge) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("listen: ${A}\nalerting: {alertmanagers: [{url: http://a, oauth2: {scopes: [a], tls_config: {}}, http_headers: {A: {values: [b]}}}]}")
	f.Add("otlp: &a {grpc: off}\nlimits: {<<: *a}")
	f.Fuzz(func(t *testing.T, text string) {
		path, _ := write(t, text)
		c, err := Load(path)
		if (c == nil) == (err == nil) {
			t.Errorf("got %v, %v", c, err)
		}
		if c != nil && strings.Contains(c.String(), "cannot print") {
			t.Error(c)
		}
	})
}
