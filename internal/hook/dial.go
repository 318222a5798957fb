package hook

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Dial connects as net.Dialer does, but not to link-local addresses, which hand
// out a machine's secrets. The address is looked at after its name is resolved.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return (&net.Dialer{ControlContext: refuse}).DialContext(ctx, network, address)
}

func refuse(_ context.Context, _, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err == nil && LinkLocal(at.Addr()) {
		return fmt.Errorf("%s is a link-local address", address)
	}
	return nil
}

// LinkLocal reports whether an address is not called.
func LinkLocal(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLinkLocalUnicast() || a.IsLinkLocalMulticast() || a.IsInterfaceLocalMulticast()
}
