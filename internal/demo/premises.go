package demo

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Premises are what an engine is told of before it starts, because its documents
// name it: where the gateway is controlled and, of a HAProxy, where it is scraped.
type Premises struct {
	// SLOs is a file with the SLOs and the playbook; Scrapes one with
	// scrape_configs, empty where nothing is to be scraped.
	SLOs, Scrapes string

	dir     string
	haproxy string // the program; empty: the shop has a gateway of its own
	socket  string // of HAProxy's runtime API
	// door is where shoppers come in, counters where HAProxy shows its metrics,
	// control where the shop's own gateway is told what to do.
	door, counters, control *net.TCPListener
}

// Rent finds free ports on loopback and writes the documents into dir. With the
// path of a HAProxy that is the gateway; without it the shop has one of its own.
// Close gives the ports back; whoever Runs on the Premises need not.
func Rent(dir, haproxy string) (p *Premises, err error) {
	p = &Premises{dir: dir, haproxy: haproxy, SLOs: filepath.Join(dir, "slos.yaml")}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if haproxy != "" {
		return p, p.forHAProxy()
	}
	if p.control, err = listen(); err != nil {
		return nil, err
	}
	return p, p.write(p.SLOs, specs(shopSpecs, p.control.Addr().String()))
}

func (p *Premises) forHAProxy() (err error) {
	if p.door, err = listen(); err != nil {
		return err
	}
	if p.counters, err = listen(); err != nil {
		return err
	}
	p.socket, p.Scrapes = filepath.Join(p.dir, "admin.sock"), filepath.Join(p.dir, "scrapes.yaml")
	return errors.Join(
		p.write(p.SLOs, specs(proxySpecs, p.socket)),
		p.write(p.Scrapes, fmt.Appendf(nil, scrapes, p.counters.Addr())))
}

// cast is whom the story is about.
func (p *Premises) cast() cast {
	if p.haproxy != "" {
		return proxyCast
	}
	return shopCast
}

// scrapes are those of the story: once a second.
const scrapes = `scrape_configs:
  - job_name: haproxy
    scrape_interval: 1s
    scrape_timeout: 1s
    static_configs: [{targets: ["%s"]}]
`

// Close gives the ports back. It may be called twice.
func (p *Premises) Close() {
	for _, l := range []*net.TCPListener{p.door, p.counters, p.control} {
		if l != nil {
			l.Close()
		}
	}
}

func (p *Premises) write(name string, text []byte) error {
	if err := os.WriteFile(name, text, 0o600); err != nil {
		return fmt.Errorf("write the demo's documents: %w", err)
	}
	return nil
}

// listen takes a free port of loopback.
func listen() (*net.TCPListener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the demo: %w", err)
	}
	return l.(*net.TCPListener), nil
}

// haproxyConfig is a HAProxy between a door that was opened for it and two
// servers.
func (p *Premises) haproxyConfig(v1, v2 *server) []byte {
	return []byte(strings.NewReplacer("SOCKET", p.socket, "V1", v1.address, "V2", v2.address).Replace(`global
  stats socket unix@SOCKET level admin
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend shop
  bind fd@3
  default_backend checkout
frontend counters
  bind fd@4
  http-request use-service prometheus-exporter if { path /metrics }
backend checkout
  balance roundrobin
  server v1 V1 weight 50
  server v2 V2 weight 50
`))
}
