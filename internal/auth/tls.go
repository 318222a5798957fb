package auth

import (
	"crypto/tls"
	"net"
)

// TLSConfig is what a server speaks; nil: no TLS. Each handshake goes by the
// web configuration and the certificates as they are then.
func (d *Door) TLSConfig() *tls.Config {
	first := d.known.Load().web.tls
	if first == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: first.MinVersion, NextProtos: first.NextProtos, SessionTicketsDisabled: true,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return d.current().web.tls, nil },
	}
}

// Listener speaks TLS on l if the web configuration has it, and otherwise is l.
// It warns where passwords and tokens would travel in the open.
func (d *Door) Listener(l net.Listener) net.Listener {
	if config := d.TLSConfig(); config != nil {
		return tls.NewListener(l, config)
	}
	if addr, ok := l.Addr().(*net.TCPAddr); ok && d.known.Load().enabled() && !addr.IP.IsLoopback() {
		d.logger.Warn("passwords and tokens come without TLS; give the web_config_file a tls_server_config, unless a proxy in front does that", "address", l.Addr().String())
	}
	return l
}
