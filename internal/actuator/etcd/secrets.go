package etcd

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// password reads it, at each call: it may be exchanged meanwhile.
func (c Config) password() (string, error) {
	if c.PasswordFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("passwordFile: %w", err)
	}
	password := strings.TrimSpace(string(text))
	if password == "" {
		return "", fmt.Errorf("passwordFile: %s is empty", c.PasswordFile)
	}
	return password, nil
}

// tls is for https endpoints, read at each call: certificates are renewed.
func (c Config) tls() (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("caFile: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("caFile: %s holds no certificate in PEM", c.CAFile)
		}
	}
	switch {
	case c.CertFile == "" && c.KeyFile == "":
		return conf, nil
	case c.CertFile == "" || c.KeyFile == "":
		return nil, errors.New("keyFile: certFile and keyFile go together")
	}
	pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certFile: %w", err)
	}
	conf.Certificates = []tls.Certificate{pair}
	return conf, nil
}
