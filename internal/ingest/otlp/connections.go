package otlp

import (
	"net"
	"sync"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// connections knows the open gRPC connections. The embedded receiver stops
// its server gracefully and without a deadline: one client that holds a
// stream open would keep it from ever stopping, unless its connection can be
// closed. It is handed to the server as its transport credentials, the one
// place where connections can be seen.
type connections struct {
	credentials.TransportCredentials
	mu   sync.Mutex
	open map[net.Conn]struct{}
}

func newConnections() *connections {
	return &connections{TransportCredentials: insecure.NewCredentials(), open: map[net.Conn]struct{}{}}
}

// ServerHandshake implements credentials.TransportCredentials.
func (c *connections) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ServerHandshake(raw)
	if err != nil {
		return nil, nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := &connection{Conn: conn, of: c}
	c.open[known] = struct{}{}
	return known, info, nil
}

// closeAll closes what is open.
func (c *connections) closeAll() {
	c.mu.Lock()
	open := c.open
	c.open = map[net.Conn]struct{}{}
	c.mu.Unlock()
	for conn := range open {
		_ = conn.Close() // the peer is told by the reset; there is no one else
	}
}

// connection forgets itself when closed.
type connection struct {
	net.Conn
	of *connections
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
