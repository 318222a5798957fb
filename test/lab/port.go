package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// startAttempts is how often a server that lost its port gets another one.
const startAttempts = 5

// freeAddress returns an address of a loopback IP that the kernel has just given
// out and taken back. Another process may take it before the server binds it.
func freeAddress(ip string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// OwnAddress is like FreeAddress, on an IP that nobody else is given: a server
// that is killed finds its address free when it is started again, whatever the
// kernel has given to others meanwhile.
func OwnAddress(tb testing.TB) string {
	tb.Helper()
	addr, err := freeAddress(ownIP())
	if err != nil {
		tb.Fatal(err)
	}
	return addr
}

// given counts the IPs given out.
var given atomic.Uint32

// ownIP is another one at each call, and hardly one of another process.
func ownIP() string {
	n, pid := given.Add(1), uint32(os.Getpid())
	return netip.AddrFrom4([4]byte{127, byte(16 + pid%199), byte(1 + pid/199%250), byte(1 + n%250)}).String()
}

// startListening starts a server that must be told its address beforehand,
// again with another address when the first was taken in the meantime.
func startListening(tb testing.TB, command func(addr string) Cmd) (p *Process, addr string) {
	tb.Helper()
	p, addr, err := listen(tb.Context(), func() (string, error) { return freeAddress("127.0.0.1") }, command)
	if err != nil {
		tb.Fatal(err)
	}
	p.endWith(tb)
	return p, addr
}

func listen(ctx context.Context, free func() (string, error), command func(addr string) Cmd) (*Process, string, error) {
	var err error
	for range startAttempts {
		addr, ferr := free()
		if ferr != nil {
			return nil, "", ferr
		}
		var p *Process
		if p, err = start(ctx, command(addr)); err == nil {
			return p, addr, nil
		}
		if !strings.Contains(err.Error(), "address already in use") {
			return nil, "", err
		}
	}
	return nil, "", fmt.Errorf("%d ports were taken in a row: %w", startAttempts, err)
}
