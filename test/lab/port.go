package lab

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
)

// startAttempts is how often a server that lost its port gets another one.
const startAttempts = 5

// freeAddress returns a loopback address that the kernel has just given out
// and taken back. Another process may take it before the server binds it.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// startListening starts a server that must be told its address beforehand,
// again with another address when the first was taken in the meantime.
func startListening(tb testing.TB, command func(addr string) Cmd) (p *Process, addr string) {
	tb.Helper()
	p, addr, err := listen(tb.Context(), freeAddress, command)
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
