package traefik

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"regexp"
)

// Etcd is where Traefik's etcd provider finds its configuration.
type Etcd struct {
	// Endpoints are the members, as http://127.0.0.1:2379.
	Endpoints []string `yaml:"endpoints" json:"endpoints"`
	// RootKey is the provider's. Empty: traefik.
	RootKey string `yaml:"rootKey" json:"rootKey,omitempty"`
	// User and PasswordFile are for an etcd with authentication.
	User         string `yaml:"user" json:"user,omitempty"`
	PasswordFile string `yaml:"passwordFile" json:"passwordFile,omitempty"`
	// CAFile, CertFile and KeyFile are for https: whom to trust instead of the
	// system's authorities, and who we are.
	CAFile   string `yaml:"caFile" json:"caFile,omitempty"`
	CertFile string `yaml:"certFile" json:"certFile,omitempty"`
	KeyFile  string `yaml:"keyFile" json:"keyFile,omitempty"`
}

func (e Etcd) root() string {
	if e.RootKey == "" {
		return "traefik"
	}
	return e.RootKey
}

// endpoint is an address as etcd's client takes it, key a key without slashes
// around it.
var (
	endpoint = regexp.MustCompile(`^(https?://)?[^\s/@]+:[0-9]+$`)
	key      = regexp.MustCompile(`^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$`)
)

// check is every problem of the settings but those of certificates.
func (e Etcd) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(len(e.Endpoints) == 0, "etcd.endpoints: missing: write the addresses of its members, such as [http://127.0.0.1:2379]")
	for i, address := range e.Endpoints {
		report(!endpoint.MatchString(address), "etcd.endpoints[%d]: not an address such as http://127.0.0.1:2379", i)
	}
	report(!key.MatchString(e.root()), "etcd.rootKey: %q is no key such as traefik, without / around it", e.RootKey)
	_, err := secret("etcd.passwordFile", e.PasswordFile)
	report(err != nil, "%w", err)
	report((e.User == "") != (e.PasswordFile == ""), "etcd.user, etcd.passwordFile: one is of no use without the other")
	return errors.Join(problems...)
}

// tls is how https is spoken; nil: as usual, or not at all.
func (e Etcd) tls() (*tls.Config, error) {
	if e.CAFile == "" && e.CertFile == "" && e.KeyFile == "" {
		return nil, nil
	}
	var t tls.Config
	var problems []error
	if e.CAFile != "" {
		text, err := os.ReadFile(e.CAFile)
		t.RootCAs = x509.NewCertPool()
		if err == nil && !t.RootCAs.AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s holds no certificate", e.CAFile)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("etcd.caFile: %w", err))
		}
	}
	if e.CertFile != "" || e.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(e.CertFile, e.KeyFile)
		if err != nil {
			problems = append(problems, fmt.Errorf("etcd.certFile, etcd.keyFile: %w", err))
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return &t, errors.Join(problems...)
}
