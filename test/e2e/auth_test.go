package e2e

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc/credentials"

	"github.com/slo-engine/slo-engine/internal/api/client"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
	"github.com/slo-engine/slo-engine/test/lab"
)

// guide is docs/auth.md, played in a folder of its own.
type guide struct {
	*testing.T
	dir    string
	binary string
	blocks []block
	engine *lab.Process
	addr   string // of the HTTP port
}

// TestAuthGuide does what docs/auth.md says, in its order: its files are
// written, its commands run, a real Prometheus is configured as it shows.
func TestAuthGuide(t *testing.T) {
	t.Parallel()
	g := &guide{T: t, dir: t.TempDir(), binary: buildEngine(t), blocks: blocksOf(t, "docs", "auth.md"), addr: lab.FreeAddress(t)}
	put(t, g.dir, "slos/slos.yaml", `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: scrapes}
spec:
  service: prometheus
  objective: 99%
  window: 30d
  sli: {ratio: {total: 'promhttp_metric_handler_requests_total', bad: 'promhttp_metric_handler_requests_total{code=~"5.."}'}}
`)
	for i, b := range g.blocks {
		switch name, named := strings.CutPrefix(strings.SplitN(b.text, "\n", 2)[0], "# "); {
		case b.kind == "yaml" && named && strings.HasSuffix(name, ".yml"), b.kind == "yaml" && name == "slo-engine.yaml":
			put(t, g.dir, name, g.local(b.text))
		case b.kind == "sh" && strings.TrimSpace(b.text) == "slo-engine serve":
			g.serve()
		case b.kind == "sh":
			output := g.shell(b.text)
			if i+1 < len(g.blocks) && g.blocks[i+1].kind == "json" {
				checkShown(t, b.text, output, g.blocks[i+1])
				g.sameDetail(output, g.blocks[i+1].text)
			}
		}
	}
	g.prometheusSendsAndScrapes()
	for name, text := range g.files() {
		for _, secret := range []string{"wonderland", "wheelbarrow", g.read("grafana.token"), g.read("deployer.token")} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows a secret", name)
			}
		}
	}
}

// blocksOf are the fenced blocks of a document.
func blocksOf(t *testing.T, path ...string) (blocks []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range fence.FindAllStringSubmatch(string(text), -1) {
		blocks = append(blocks, block{m[1], m[2]})
	}
	return blocks
}

// local puts free ports, and absolute paths for a Prometheus in another folder.
func (g *guide) local(text string) string {
	text = strings.ReplaceAll(text, "127.0.0.1:9490", g.addr)
	if strings.HasPrefix(text, "# slo-engine.yaml") {
		text += "otlp: {grpc: off, http: off}\n"
	}
	if strings.HasPrefix(text, "# prometheus.yml") {
		text = strings.NewReplacer("server.crt", filepath.Join(g.dir, "server.crt"), "grafana.token", filepath.Join(g.dir, "grafana.token")).Replace(text)
	}
	return text
}

func (g *guide) read(name string) string {
	g.Helper()
	text, err := os.ReadFile(filepath.Join(g.dir, name))
	if err != nil {
		g.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// files are what could have kept a secret.
func (g *guide) files() map[string]string {
	return map[string]string{"the log": g.engine.Output(), "tokens.yml": g.read("tokens.yml"), "slo-engine.yaml": g.read("slo-engine.yaml")}
}

func (g *guide) serve() {
	g.Helper()
	g.engine = lab.Start(g.T, serveCmd(g.binary, g.dir))
	awaitOutput(g.T, g.engine, "msg=serving")
	lab.Eventually(g.T, patience, func() error {
		_, err := g.asks("--cacert", "server.crt", "--fail", "https://"+g.addr+"/-/ready")
		return err
	})
}

// asks runs curl.
func (g *guide) asks(args ...string) (string, error) {
	p := lab.Start(g.T, lab.Cmd{Name: "curl", Args: append([]string{"--silent", "--show-error"}, args...), Dir: g.dir})
	err := p.Wait()
	return p.Output(), err
}

// shell runs a block of the guide.
func (g *guide) shell(text string) string {
	g.Helper()
	text = "set -euo pipefail\nslo-engine() { '" + g.binary + "' \"$@\"; }\n" + g.local(text)
	p := lab.Start(g.T, lab.Cmd{Name: "bash", Args: []string{"-c", text}, Dir: g.dir})
	if err := p.Wait(); err != nil {
		g.Errorf("%s\nfails with %v:\n%s", text, err, p.Output())
	}
	return p.Output()
}

func (g *guide) sameDetail(got, want string) {
	g.Helper()
	var a, b struct{ Detail string }
	if json.Unmarshal([]byte(got), &a) != nil || json.Unmarshal([]byte(want), &b) != nil || a.Detail != b.Detail {
		g.Errorf("the guide shows\n%s\nand there comes\n%s", want, got)
	}
}

// prometheusSendsAndScrapes waits until samples of a real Prometheus are counted,
// and until it has scraped the engine.
func (g *guide) prometheusSendsAndScrapes() {
	g.Helper()
	prometheus := lab.StartPrometheus(g.T, lab.PrometheusOptions{Config: g.read("prometheus.yml") + "\n- {job_name: prometheus, static_configs: [{targets: ['{{addr}}']}]}\n"})
	lab.Eventually(g.T, 2*patience, func() error {
		text, err := g.asks("--cacert", "server.crt", "--user", "alice:wonderland", "https://"+g.addr+"/api/v1/slos/prometheus:scrapes")
		if err != nil {
			return err
		}
		var slo struct {
			GoodEvents float64 `json:"good_events"`
		}
		if err := json.Unmarshal([]byte(text), &slo); err != nil || slo.GoodEvents < 2 {
			return fmt.Errorf("not counted: %v in %s", err, text)
		}
		return nil
	})
	lab.Eventually(g.T, patience, func() error {
		found, err := prometheus.Query(g.Context(), `up{job="slo-engine"} == 1 and on() slo_engine_auth_failures_total{reason="role"} > 0`, time.Time{})
		if err == nil && len(found) != 1 {
			err = fmt.Errorf("found %v", found)
		}
		return err
	})
}

// sold is the SLO of the shops that these tests play.
const sold = `apiVersion: slo-engine.dev/v1
kind: SLO
metadata: {name: availability}
spec:
  service: shop
  objective: 99%
  window: 30d
  sli: {ratio: {total: http_requests_total, bad: 'http_requests_total{code=~"5.."}'}}
`

// An engine that others can reach: everyone may read and send, and nobody else
// may do anything, on this machine neither.
func TestEveryoneMayReadAndSend(t *testing.T) {
	t.Parallel()
	r := start(t, settings{SLOs: sold, Config: "auth: {allow_unauthenticated: [viewer, ingest]}\n"})
	shop := newSender(t, r)
	shop.serve(t, 5, 0)
	r.awaitCounts(t, map[string]count{"availability": shop.count})
	for path, body := range map[string]string{"/-/reload": "", "/alertmanager/api/v2/silences": "{}"} {
		if code, answer := ask(t, http.MethodPost, r.URL+path, "application/json", body); code != http.StatusForbidden || !strings.Contains(answer, "the role operator") {
			t.Errorf("%s answers %d: %s", path, code, answer)
		}
	}
}

// TestSDKsLogIn sends by the SDK's own exporters, over TLS, with a token that
// is good, replaced, and taken over by a reload of who may do what.
func TestSDKsLogIn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	authority := authtest.NewAuthority(t, folder, "authority")
	authority.Issue(t, folder, "server")
	authtest.Write(t, folder, "web.yml", "tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
	authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("shop", "ingest", "shop-token")+authtest.Token("ops", "admin", "ops-token"))
	r := start(t, settings{SLOs: sold, Config: fmt.Sprintf("auth: {web_config_file: %s/web.yml, tokens_file: %[1]s/tokens.yml}\n", folder)})
	api, err := client.New(strings.Replace(r.URL, "http", "https", 1), client.Options{Transport: bearer{"ops-token", authority.Trust(t, "", "")}})
	if err != nil {
		t.Fatal(err)
	}
	r.Client = api
	var want count
	for protocol, exporter := range map[string]func(token string) (sdk.Exporter, error){
		"grpc": func(token string) (sdk.Exporter, error) {
			return otlpmetricgrpc.New(t.Context(), otlpmetricgrpc.WithEndpoint(r.App.OTLPGRPC()), otlpmetricgrpc.WithHeaders(map[string]string{"Authorization": "Bearer " + token}),
				otlpmetricgrpc.WithTLSCredentials(credentials.NewTLS(authority.Trust(t, "", ""))))
		},
		"http": func(token string) (sdk.Exporter, error) {
			return otlpmetrichttp.New(t.Context(), otlpmetrichttp.WithEndpoint(r.App.OTLPHTTP()), otlpmetrichttp.WithHeaders(map[string]string{"Authorization": "Bearer " + token}),
				otlpmetrichttp.WithTLSClientConfig(authority.Trust(t, "", "")))
		},
	} {
		if err := sell(t, protocol, "wrong-token", exporter); err == nil || !strings.Contains(err.Error(), "is not known here") {
			t.Errorf("%s with a wrong token: %v", protocol, err)
		}
		if err := sell(t, protocol, "shop-token", exporter); err != nil {
			t.Errorf("%s: %v", protocol, err)
		}
		want = want.plus(3, 1)
	}
	r.awaitCounts(t, map[string]count{"availability": want})
}

// sell is a shop's process that serves three requests and fails at one, after it
// was seen to have served none.
func sell(t *testing.T, instance, token string, exporter func(string) (sdk.Exporter, error)) error {
	t.Helper()
	e, err := exporter(token)
	if err != nil {
		t.Fatal(err)
	}
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewPeriodicReader(e, sdk.WithInterval(time.Hour))))
	counter, err := provider.Meter("shop").Int64Counter("http_requests")
	if err != nil {
		t.Fatal(err)
	}
	for code, n := range map[string]int64{"200": 0, "500": 0} {
		counter.Add(t.Context(), n, with(instance, code))
	}
	if err := provider.ForceFlush(t.Context()); err != nil {
		return errors.Join(err, provider.Shutdown(t.Context()))
	}
	for code, n := range map[string]int64{"200": 3, "500": 1} {
		counter.Add(t.Context(), n, with(instance, code))
	}
	return provider.Shutdown(t.Context())
}

func with(instance, code string) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("code", code), attribute.String("shop", instance))
}

// bearer shows a token over TLS, and keeps no connection.
type bearer struct {
	token string
	tls   *tls.Config
}

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return (&http.Transport{TLSClientConfig: b.tls, DisableKeepAlives: true}).RoundTrip(r)
}
