package lab

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Traefik is a running one with an entry point and an API.
type Traefik struct {
	*Process
	Addr string // host:port of the entry point web
	API  string // URL
	Dir  string // what the file provider watches, if it is told to

	command func(addr, api string) Cmd
}

// traefikConfig is the part of the configuration that is not the test's. Its
// throttle is 2 s if nothing else is said.
const traefikConfig = `
global: {checkNewVersion: false, sendAnonymousUsage: false}
log: {level: ERROR}
api: {insecure: true, dashboard: false}
ping: {}
entryPoints:
  web: {address: "ADDR"}
  traefik: {address: "API"}
providers:
  providersThrottleDuration: 50ms
`

// StartTraefik starts a Traefik with some providers, a part of its YAML that is
// indented by two spaces; DIR in it is a folder for dynamic configuration.
func StartTraefik(tb testing.TB, providers string) *Traefik {
	tb.Helper()
	binary, work := Binary(tb, "traefik"), tb.TempDir()
	t := &Traefik{Dir: filepath.Join(work, "dynamic")}
	if err := os.Mkdir(t.Dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(work, "traefik.yml")
	t.command = func(addr, api string) Cmd {
		text := strings.NewReplacer("ADDR", addr, "API", api, "DIR", t.Dir).Replace(traefikConfig + providers)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		return Cmd{Name: binary, Args: []string{"--configFile=" + path}, Dir: work, Ready: HTTPReady("http://" + api + "/ping")}
	}
	t.Process, t.Addr = startListening(tb, func(addr string) Cmd {
		api, err := freeAddress(ownIP())
		if err != nil {
			tb.Fatal(err)
		}
		t.API = "http://" + api
		return t.command(addr, api)
	})
	return t
}

// Restart ends it and starts it again at its addresses.
func (t *Traefik) Restart(tb testing.TB) {
	tb.Helper()
	t.Stop()
	t.Process = Start(tb, t.command(t.Addr, strings.TrimPrefix(t.API, "http://")))
}
