package demo

import (
	"net"
	"os"
	"strings"
	"testing"
)

// What the engine is told names the ports that are held open for it.
func TestRent(t *testing.T) {
	own, err := Rent(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	proxy, err := Rent(t.TempDir(), "/usr/sbin/haproxy")
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	for file, want := range map[string]string{
		own.SLOs:      "haproxy: {socket: " + own.control.Addr().String() + ", backend: checkout",
		proxy.SLOs:    "haproxy: {socket: " + proxy.socket + ", backend: checkout",
		proxy.Scrapes: proxy.counters.Addr().String(),
	} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s does not say %q: %v\n%s", file, want, err, text)
		}
	}
	if own.Scrapes != "" {
		t.Errorf("the shop pushes, and %s is to be scraped", own.Scrapes)
	}
	own.Close()
	if conn, err := net.Dial("tcp", own.control.Addr().String()); err == nil {
		conn.Close()
		t.Error("the control port is open after Close")
	}
}

// A folder that cannot be written to is named, and no port is left open.
func TestRentNowhere(t *testing.T) {
	if _, err := Rent(t.TempDir()+"/missing", ""); err == nil || !strings.Contains(err.Error(), "missing/slos.yaml") {
		t.Errorf("rent = %v, want the file", err)
	}
}

// A HAProxy that cannot be started is named, one that ends at once is quoted,
// and nothing is left running.
func TestRunWithoutHAProxy(t *testing.T) {
	engine := answers(t, map[string]string{"/-/ready": ""})
	for program, want := range map[string]string{
		"/nowhere/haproxy": "start /nowhere/haproxy",
		"false":            "HAProxy has ended",
	} {
		p, err := Rent(t.TempDir(), program)
		if err != nil {
			t.Fatal(err)
		}
		err = Run(t.Context(), Options{
			EngineURL: engine.URL, OTLPGRPC: "127.0.0.1:1", OTLPHTTP: "127.0.0.1:2", Premises: p, Wrk: "wrk",
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("run with %s = %v, want %q", program, err, want)
		}
	}
}
