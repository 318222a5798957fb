package lab

import (
	"context"
	"path/filepath"
	"testing"
	"time"
)

// quietConfig is an alertmanager.yml that keeps alerts and tells nobody.
const quietConfig = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"

// Alertmanager is a running server without peers.
type Alertmanager struct {
	*Process
	Addr string // host:port
	URL  string // http://Addr

	binary, dir string
}

// Alert is one alert as an Alertmanager reports it.
type Alert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	Fingerprint  string            `json:"fingerprint"`
	GeneratorURL string            `json:"generatorURL"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	UpdatedAt    time.Time         `json:"updatedAt"`
	Status       struct {
		State       string   `json:"state"` // active, suppressed or unprocessed
		SilencedBy  []string `json:"silencedBy"`
		InhibitedBy []string `json:"inhibitedBy"`
	} `json:"status"`
}

// StartAlertmanager starts an Alertmanager with the given alertmanager.yml;
// an empty one keeps alerts and notifies nobody.
func StartAlertmanager(tb testing.TB, config string) *Alertmanager {
	tb.Helper()
	if config == "" {
		config = quietConfig
	}
	binary, dir := Binary(tb, "alertmanager"), tb.TempDir()
	writeFiles(tb, dir, map[string]string{"alertmanager.yml": config})
	process, addr := startListening(tb, func(addr string) Cmd {
		return alertmanagerCmd(binary, dir, addr)
	})
	return &Alertmanager{Process: process, Addr: addr, URL: "http://" + addr, binary: binary, dir: dir}
}

// Restart starts one that has ended again, at its address and with its data.
func (a *Alertmanager) Restart(tb testing.TB) {
	tb.Helper()
	a.Process = Start(tb, alertmanagerCmd(a.binary, a.dir, a.Addr))
}

func alertmanagerCmd(binary, dir, addr string) Cmd {
	return Cmd{
		Name: binary,
		Args: []string{
			"--config.file=" + filepath.Join(dir, "alertmanager.yml"),
			"--storage.path=" + filepath.Join(dir, "data"),
			"--web.listen-address=" + addr,
			"--cluster.listen-address=",
		},
		Ready: HTTPReady("http://" + addr + "/-/ready"),
	}
}

// Alerts returns the alerts that have not ended, silenced and inhibited ones too.
func (a *Alertmanager) Alerts(ctx context.Context) ([]Alert, error) {
	var alerts []Alert
	err := getJSON(ctx, a.URL+"/api/v2/alerts", &alerts)
	return alerts, err
}
