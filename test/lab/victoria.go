package lab

import (
	"path/filepath"
	"testing"
)

// VictoriaMetrics is a running single-node server that takes remote write
// (/api/v1/write) and imports (/api/v1/import/prometheus), and answers
// Prometheus's query API.
type VictoriaMetrics struct {
	*Process
	Addr string // host:port
	URL  string // http://Addr

	binary, dir string
	args        []string
}

// StartVictoriaMetrics starts a VictoriaMetrics that keeps 90 days and shows
// samples at once, not after the usual thirty seconds. extraArgs are added to
// its command line.
func StartVictoriaMetrics(tb testing.TB, extraArgs ...string) *VictoriaMetrics {
	tb.Helper()
	v := &VictoriaMetrics{binary: Binary(tb, "victoria-metrics"), dir: tb.TempDir(), args: extraArgs}
	v.Process, v.Addr = startListening(tb, v.command)
	v.URL = "http://" + v.Addr
	return v
}

// Restart starts one that has ended again, at its address and with its data.
func (v *VictoriaMetrics) Restart(tb testing.TB) {
	tb.Helper()
	v.Process = Start(tb, v.command(v.Addr))
}

func (v *VictoriaMetrics) command(addr string) Cmd {
	return Cmd{
		Name: v.binary,
		Args: append([]string{
			"-storageDataPath=" + filepath.Join(v.dir, "data"),
			"-httpListenAddr=" + addr,
			"-retentionPeriod=90d",
			"-search.latencyOffset=0s",
			"-search.disableCache",
			"-loggerLevel=WARN",
		}, v.args...),
		Ready: HTTPReady("http://" + addr + "/health"),
	}
}
