package caddy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a Caddy.
type Config struct {
	// Admin is the address of the admin API, such as http://127.0.0.1:2019.
	Admin string `yaml:"admin" json:"admin"`
	// Proxy is the reverse_proxy handler that Shift, Eject and Drain are about: its
	// @id, or where it stands, as /config/apps/http/servers/srv0/routes/0/handle/0.
	Proxy string `yaml:"proxy" json:"proxy,omitempty"`
	// Routes is the list of routes in which CloseRoute and Breaker close one that
	// has no @id, as /config/apps/http/servers/srv0/routes.
	Routes string `yaml:"routes" json:"routes,omitempty"`
	// Resume says that Caddy is run with --resume: changes outlive its restart.
	Resume bool `yaml:"resume" json:"resume,omitempty"`
	// CAFile, CertFile and KeyFile are for remote administration over https: whom
	// to trust instead of the system's authorities, and who we are.
	CAFile   string `yaml:"caFile" json:"caFile,omitempty"`
	CertFile string `yaml:"certFile" json:"certFile,omitempty"`
	KeyFile  string `yaml:"keyFile" json:"keyFile,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one Caddy process.
func (c Config) Name() string { return "caddy " + strings.TrimSuffix(c.Admin, "/") }

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Dial connects. Nil: hook.Dial, which refuses link-local addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// usualTimeout is Config.Timeout where it is not said, maxTimeout its bound.
const (
	usualTimeout = 5 * time.Second
	maxTimeout   = time.Minute
)

// Actuator is an actuator.Actuator for one Caddy.
type Actuator struct {
	c      Config
	client *http.Client
	log    *slog.Logger
}

var _ actuator.Actuator = (*Actuator)(nil)

// New makes an adapter. It does not connect. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (*Actuator, error) {
	a := &Actuator{c: c, log: o.Logger}
	a.c.Admin = strings.TrimSuffix(c.Admin, "/")
	if a.c.Timeout == 0 {
		a.c.Timeout = usualTimeout
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	dial := o.Dial
	if dial == nil {
		dial = hook.Dial
	}
	secure, err := c.tls()
	a.client = &http.Client{
		// Calls are rare, and Caddy opens its admin API anew with each change: no
		// connection is kept for the next one.
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, TLSClientConfig: secure},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, errors.Join(c.check(), err)
}

// check is every problem of the settings but those of certificates.
func (c Config) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(c.Admin == "", "admin: missing: write the address of Caddy's admin API, such as http://127.0.0.1:2019")
	u, err := url.Parse(c.Admin)
	report(c.Admin != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != ""),
		"admin: not the address of an admin API: write only scheme, host and port, such as http://127.0.0.1:2019")
	report(c.Proxy != "" && !identity.MatchString(c.Proxy) && !place.MatchString(c.Proxy),
		"proxy: %q is neither the @id of a handler nor a path such as /config/apps/http/servers/srv0/routes/0/handle/0", c.Proxy)
	report(c.Routes != "" && (!place.MatchString(c.Routes) || !strings.HasSuffix(c.Routes, "/routes")),
		"routes: %q is not the path of a list of routes, such as /config/apps/http/servers/srv0/routes", c.Routes)
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(problems...)
}

// tls is how https is spoken; nil: as usual.
func (c Config) tls() (*tls.Config, error) {
	if c.CAFile == "" && c.CertFile == "" && c.KeyFile == "" {
		return nil, nil
	}
	var t tls.Config
	var problems []error
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		t.RootCAs = x509.NewCertPool()
		if err == nil && !t.RootCAs.AppendCertsFromPEM(text) {
			err = fmt.Errorf("%s holds no certificate", c.CAFile)
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("caFile: %w", err))
		}
	}
	if c.CertFile != "" || c.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			problems = append(problems, fmt.Errorf("certFile, keyFile: %w", err))
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return &t, errors.Join(problems...)
}

// identity is an @id, place where something stands in the configuration; an ETag
// of Caddy's has no room for spaces.
var (
	identity = regexp.MustCompile(`^[A-Za-z0-9_.:-]+$`)
	place    = regexp.MustCompile(`^/config(/[^/\s"?#%]+)+$`)
)
