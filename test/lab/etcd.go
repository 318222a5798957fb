package lab

import (
	"path/filepath"
	"testing"
)

// Etcd is a running one of a single member, without passwords.
type Etcd struct {
	*Process
	URL string // where its clients find it

	binary, dir, addr string
}

// StartEtcd starts an etcd with a new, empty folder.
func StartEtcd(tb testing.TB) *Etcd {
	tb.Helper()
	e := &Etcd{binary: Binary(tb, "etcd"), dir: tb.TempDir()}
	e.Process, e.addr = startListening(tb, func(addr string) Cmd { return e.command(tb, addr) })
	e.URL = "http://" + e.addr
	return e
}

// Restart starts one that has ended again, at its address and with its data.
func (e *Etcd) Restart(tb testing.TB) {
	tb.Helper()
	e.Process = Start(tb, e.command(tb, e.addr))
}

// command is the process. Nobody else is asked to join, but it insists on an
// address for members, too.
func (e *Etcd) command(tb testing.TB, addr string) Cmd {
	peer, err := freeAddress(ownIP())
	if err != nil {
		tb.Fatal(err)
	}
	clients, peers := "http://"+addr, "http://"+peer
	return Cmd{Name: e.binary, Args: []string{
		"--name=lab", "--data-dir=" + filepath.Join(e.dir, "data"), "--logger=zap", "--log-level=warn",
		"--listen-client-urls=" + clients, "--advertise-client-urls=" + clients,
		"--listen-peer-urls=" + peers, "--initial-advertise-peer-urls=" + peers, "--initial-cluster=lab=" + peers,
	}, Ready: HTTPReady(clients + "/health")}
}
