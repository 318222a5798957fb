package tyk

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
)

// secret reads what Tyk wants to see.
func (c Config) secret() (string, error) {
	if c.SecretFile == "" {
		return "", errors.New("secretFile: missing: write the path of a file with the gateway's secret")
	}
	text, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return "", fmt.Errorf("secretFile: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "", fmt.Errorf("secretFile: %s does not hold a secret in one line", c.SecretFile)
	}
	return secret, nil
}

// roots are the certificates to trust; nil: the system's.
func (c Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("caFile: %s holds no certificate in PEM", c.CAFile)
	}
	return pool, nil
}

// isName reports whether a text can stand in a target's name, and in a path.
func isName(text string) bool {
	return text != "" && text != "." && text != ".." &&
		!strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && !u.ForceQuery && u.Fragment == ""
}

// base is an address in the one spelling that names it.
func base(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	u.Host = strings.ToLower(u.Host)
	return strings.TrimRight(u.String(), "/")
}
