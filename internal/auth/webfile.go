package auth

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/prometheus/exporter-toolkit/web"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// webFile is what Prometheus's web configuration says. The zero value says
// nothing.
type webFile struct {
	config web.Config
	// tls is what a handshake goes by, with everything read that it names; nil:
	// there is no TLS.
	tls *tls.Config
	// limiter bounds the requests of the HTTP port; nil: nothing does.
	limiter *rate.Limiter
	stamps  []stamp // of its files, taken before they were read
}

// certificates reports whether clients may be known by theirs.
func (f *webFile) certificates() bool { return f.tls != nil && verifies(f.tls.ClientAuth) }

func verifies(t tls.ClientAuthType) bool {
	return t == tls.VerifyClientCertIfGiven || t == tls.RequireAndVerifyClientCert
}

// readWeb reads a web configuration. Problems have paths within it.
func readWeb(path string) (*webFile, strictyaml.Problems) {
	f := &webFile{config: web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13, PreferServerCipherSuites: true},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}}
	document, problems := decodeFile(path, &f.config)
	if document == nil {
		return nil, problems
	}
	for _, p := range f.passwordProblems(document) {
		if !problems.Cover(p.Path) {
			problems = append(problems, p)
		}
	}
	f.config.TLSConfig.SetDirectory(filepath.Dir(path))
	if len(problems) > 0 {
		return nil, problems
	}
	f.stamps = stampsOf(f.files())
	// What Prometheus itself says of the file: it has the last word.
	if err := web.Validate(path); err != nil {
		return nil, strictyaml.Problems{{Message: err.Error()}}
	}
	if servesTLS(f.config.TLSConfig) {
		if f.tls, problems = handshake(&f.config); len(problems) > 0 {
			return nil, problems
		}
	}
	if limit := f.config.RateLimiterConfig; limit.Interval != 0 {
		f.limiter = rate.NewLimiter(rate.Every(limit.Interval), limit.Burst)
	}
	return f, nil
}

// maxCost is that of a bcrypt hash which takes about two seconds to compare.
const maxCost = 15

// passwordProblems never quote a hash: it may be a password.
func (f *webFile) passwordProblems(document *strictyaml.Document) (problems strictyaml.Problems) {
	for _, name := range slices.Sorted(maps.Keys(f.config.Users)) {
		path := strictyaml.Key("basic_auth_users", name)
		fail := func(message, fix string) {
			problems = append(problems, strictyaml.Problem{Line: document.LineOf(path), Path: path, Message: message, Fix: fix})
		}
		switch cost, err := bcrypt.Cost([]byte(f.config.Users[name])); {
		case err != nil:
			fail("is not a bcrypt hash", "write what htpasswd -nBC 10 USER prints after the colon")
		case cost > maxCost:
			fail(fmt.Sprintf("is a bcrypt hash of cost %d, which takes too long to compare", cost), fmt.Sprintf("make one of cost 10, %d at most", maxCost))
		case reserved(name):
			p := reservedName(path, name)
			fail(p.Message, p.Fix)
		}
	}
	return problems
}

// servesTLS is by which fields Prometheus decides that there is TLS.
func servesTLS(c web.TLSConfig) bool {
	return c.TLSCertPath != "" || c.TLSCert != "" || c.TLSKeyPath != "" || c.TLSKey != "" ||
		c.ClientCAs != "" || c.ClientCAsText != "" || c.ClientAuth != ""
}

// handshake is the TLS that the web configuration asks for, with the
// certificate in it.
func handshake(c *web.Config) (*tls.Config, strictyaml.Problems) {
	fail := func(path, message, fix string) (*tls.Config, strictyaml.Problems) {
		return nil, strictyaml.Problems{{Path: "tls_server_config" + path, Message: message, Fix: fix}}
	}
	config, err := web.ConfigToTLSConfig(&c.TLSConfig)
	if err != nil {
		return fail("", err.Error(), "")
	}
	certificate, err := config.GetCertificate(nil)
	if err != nil {
		return fail("", err.Error(), "")
	}
	switch named := config.ClientCAs != nil; {
	case named && config.ClientCAs.Equal(x509.NewCertPool()):
		return fail(".client_ca_file", "holds no certificate", "write the authority of your clients' certificates in PEM")
	case !named && verifies(config.ClientAuth):
		return fail(".client_auth_type", "trusts whomever any authority on this machine has certified", "name a client_ca_file")
	}
	config.Certificates, config.GetCertificate = []tls.Certificate{*certificate}, nil
	// A resumed session is not verified again: who may no longer come in would.
	config.SessionTicketsDisabled = true
	config.NextProtos = []string{"h2", "http/1.1"}
	if !c.HTTPConfig.HTTP2 {
		config.NextProtos = []string{"http/1.1"}
	}
	if allowed := config.VerifyPeerCertificate; allowed != nil {
		// The toolkit's looks at the first certificate, which where they are
		// not required may not be there: that would end the process.
		config.VerifyPeerCertificate = func(raw [][]byte, chains [][]*x509.Certificate) error {
			if len(raw) == 0 {
				return nil
			}
			return allowed(raw, chains)
		}
	}
	return config, nil
}

// files are those that a web configuration names.
func (f *webFile) files() (list []string) {
	for _, file := range []string{f.config.TLSConfig.TLSCertPath, f.config.TLSConfig.TLSKeyPath, f.config.TLSConfig.ClientCAs} {
		if file != "" {
			list = append(list, file)
		}
	}
	return list
}

// certificateNames are those that a certificate may be known by, the most
// usual one first.
func certificateNames(c *x509.Certificate) (names []string) {
	if c.Subject.CommonName != "" {
		names = append(names, c.Subject.CommonName)
	}
	names = append(append(names, c.DNSNames...), c.EmailAddresses...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	for _, uri := range c.URIs {
		names = append(names, uri.String())
	}
	return names
}
