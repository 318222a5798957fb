package bench

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
)

// haveVictoria says why VictoriaMetrics cannot be had, nil if it can. It comes
// from Debian: elsewhere the table goes without. A tiny run takes it only if
// it is there.
var haveVictoria = sync.OnceValue(func() error {
	if !*fullFlag {
		there, _ := filepath.Glob("../.lab/vmalert-*/vmalert")
		if len(there) == 0 {
			return errors.New("not in .lab")
		}
	}
	out, err := exec.Command("../tools/lab.sh", "victoria-metrics", "vmalert").CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

// server is a peer that runs.
type server struct {
	*lab.Process
	url string
}

// startVictoria starts a single-node VictoriaMetrics. Writes are visible
// without the usual delay of thirty seconds.
func startVictoria(tb testing.TB) server {
	tb.Helper()
	address := freeAddress(tb)
	p := lab.Start(tb, lab.Cmd{
		Name: lab.Binary(tb, "victoria-metrics"),
		Args: []string{
			"-storageDataPath=" + tb.TempDir(), "-httpListenAddr=" + address,
			"-search.latencyOffset=0s", "-search.disableCache", "-loggerLevel=WARN",
		},
		Ready: lab.HTTPReady("http://" + address + "/health"),
	})
	return server{p, "http://" + address}
}

// startVMAlert runs rules against a VictoriaMetrics.
func startVMAlert(tb testing.TB, rules, victoria, every string) server {
	tb.Helper()
	inbox := startInbox(tb)
	dir, address := tb.TempDir(), freeAddress(tb)
	writeFile(tb, dir, "rules.yml", rules)
	p := lab.Start(tb, lab.Cmd{
		Name: lab.Binary(tb, "vmalert"),
		Args: []string{
			"-rule=" + filepath.Join(dir, "rules.yml"), "-datasource.url=" + victoria, "-remoteWrite.url=" + victoria,
			"-notifier.url=" + inbox.url, "-evaluationInterval=" + every, "-httpListenAddr=" + address, "-loggerLevel=WARN",
		},
		Ready: lab.HTTPReady("http://" + address + "/health"),
	})
	return server{p, "http://" + address}
}

// startCollector starts a collector that takes OTLP and drops it.
func startCollector(tb testing.TB) (p *lab.Process, grpc, http string) {
	tb.Helper()
	dir := tb.TempDir()
	grpc, http = freeAddress(tb), freeAddress(tb)
	writeFile(tb, dir, "otelcol.yaml", fmt.Sprintf(`
receivers: {otlp: {protocols: {grpc: {endpoint: %s}, http: {endpoint: %s}}}}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}}
  pipelines: {metrics: {receivers: [otlp], exporters: [nop]}}
`, grpc, http))
	p = lab.Start(tb, lab.Cmd{
		Name: lab.Binary(tb, "otelcol"), Args: []string{"--config", filepath.Join(dir, "otelcol.yaml")},
		Ready: listens(http),
	})
	return p, grpc, http
}
