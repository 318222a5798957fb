package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a gateway that is configured by etcd.
type Config struct {
	// Endpoints are etcd's client URLs, all http or all https.
	Endpoints []string `yaml:"endpoints" json:"endpoints"`
	// Prefix is where the gateway's keys begin, such as /gateway.
	Prefix string `yaml:"prefix" json:"prefix"`
	// Group is whose members Shift, Eject and Drain are about.
	Group string `yaml:"group" json:"group,omitempty"`
	// Username logs in with the password in PasswordFile. Empty: nobody does.
	Username     string `yaml:"username" json:"username,omitempty"`
	PasswordFile string `yaml:"passwordFile" json:"passwordFile,omitempty"`
	// CAFile holds who is trusted for https, CertFile and KeyFile who we are.
	// Empty: those that the system trusts; nobody.
	CAFile   string `yaml:"caFile" json:"caFile,omitempty"`
	CertFile string `yaml:"certFile" json:"certFile,omitempty"`
	KeyFile  string `yaml:"keyFile" json:"keyFile,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: a prefix of one etcd.
func (c Config) Name() string {
	endpoints := slices.Sorted(slices.Values(c.Endpoints))
	return "etcd " + strings.Join(endpoints, ",") + " " + c.Prefix
}

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Now says when overlays are over. Nil: time.Now.
	Now func() time.Time
	// Dial connects. Nil: hook.Dial, which refuses link-local addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// usualTimeout is Config.Timeout where it is not said, maxTimeout its bound.
const (
	usualTimeout = 5 * time.Second
	maxTimeout   = time.Minute
)

// Actuator is an actuator.Actuator for one prefix of an etcd.
type Actuator struct {
	c    Config
	dial func(ctx context.Context, network, address string) (net.Conn, error)
	now  func() time.Time
	log  *slog.Logger
}

var (
	_ actuator.Actuator = (*Actuator)(nil)
	_ actuator.Leaser   = (*Actuator)(nil)
)

// New makes an adapter. It does not connect. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (*Actuator, error) {
	a := &Actuator{c: c, dial: o.Dial, now: o.Now, log: o.Logger}
	if a.dial == nil {
		a.dial = hook.Dial
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.c.Timeout == 0 {
		a.c.Timeout = usualTimeout
	}
	return a, c.check()
}

// check is every problem of the settings.
func (c Config) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(len(c.Endpoints) == 0, "endpoints: missing: write etcd's client URLs, such as [http://127.0.0.1:2379]")
	schemes := map[string]bool{}
	for i, text := range c.Endpoints {
		u, err := url.Parse(text)
		sound := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Port() != "" && u.User == nil && strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment == ""
		report(!sound, "endpoints[%d]: not http://host:port or https://host:port", i)
		if sound {
			schemes[u.Scheme] = true
		}
	}
	report(len(schemes) > 1, "endpoints: http and https: write all as one of them")
	report(!strings.HasPrefix(c.Prefix, "/") || len(c.Prefix) < 2 || strings.HasSuffix(c.Prefix, "/") || !plain(c.Prefix),
		"prefix: %q is not one: write where the gateway's keys begin, such as /gateway", c.Prefix)
	report(c.Group != "" && !plain(c.Group), "group: %q cannot be a part of a key", c.Group)
	report((c.Username == "") != (c.PasswordFile == ""), "passwordFile: username and passwordFile go together")
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(append(problems, c.checkFiles(schemes["https"])...)...)
}

// checkFiles reads what the settings name.
func (c Config) checkFiles(https bool) (problems []error) {
	if _, err := c.password(); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.tls(); err != nil {
		problems = append(problems, err)
	}
	if !https && c.CAFile+c.CertFile+c.KeyFile != "" {
		problems = append(problems, errors.New("caFile, certFile, keyFile: are for https endpoints"))
	}
	return problems
}

// plain reports whether a text can be a part of a key that people read.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' || r == '\\' || r == '\uFFFD' })
}
