package lab

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
)

// HAProxy is a running one whose runtime API is at a socket file.
type HAProxy struct {
	*Process
	Addr   string // host:port, for a frontend to bind
	Dir    string // of its configuration and what that names
	Socket string // of the runtime API, level admin

	binary string
	config func(addr, dir string) string
}

// haproxyGlobal is the part of the configuration that is not the test's.
const haproxyGlobal = `global
  stats socket unix@admin.sock level admin
  stats timeout 1m
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
`

// StartHAProxy starts a HAProxy with the frontends and backends of config, which
// is told the address to bind and the folder that HAProxy works in.
func StartHAProxy(tb testing.TB, config func(addr, dir string) string) *HAProxy {
	tb.Helper()
	binary, err := filepath.EvalSymlinks(Binary(tb, "haproxy"))
	if err != nil {
		tb.Fatalf("find haproxy: %v", err)
	}
	h := &HAProxy{binary: binary, config: config, Dir: haproxyFolder(tb)}
	h.Socket = filepath.Join(h.Dir, "admin.sock")
	h.Process, h.Addr = startListening(tb, func(addr string) Cmd { return h.command(tb, addr) })
	return h
}

// Restart starts one that has ended again, at its address and with its
// configuration.
func (h *HAProxy) Restart(tb testing.TB) {
	tb.Helper()
	h.Process = Start(tb, h.command(tb, h.Addr))
}

// command is the process, in the foreground.
func (h *HAProxy) command(tb testing.TB, addr string) Cmd {
	path := filepath.Join(h.Dir, "haproxy.cfg")
	if err := os.WriteFile(path, []byte(haproxyGlobal+h.config(addr, h.Dir)), 0o600); err != nil {
		tb.Fatal(err)
	}
	cmd := Cmd{Name: h.binary, Args: []string{"-db", "-f", path}, Dir: h.Dir, Ready: func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", h.Socket)
		if err != nil {
			return err
		}
		return conn.Close()
	}}
	libraries, _ := filepath.Glob(filepath.Join(filepath.Dir(h.binary), "../lib/*-linux-gnu*"))
	if len(libraries) > 0 {
		cmd.Env = []string{"LD_LIBRARY_PATH=" + libraries[0]}
	}
	return cmd
}

// haproxyFolder is one whose name is short: it becomes part of a socket's name,
// which may have a hundred bytes.
func haproxyFolder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "slo-engine-haproxy-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove HAProxy's folder: %v", err)
		}
	})
	return dir
}
