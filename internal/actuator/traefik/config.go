package traefik

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
	"google.golang.org/grpc"
)

// Config is what a playbook says about a Traefik.
type Config struct {
	// API are the addresses of the API of all nodes, as http://127.0.0.1:8080.
	API []string `yaml:"api" json:"api"`
	// User and PasswordFile are for an API behind basicAuth.
	User         string `yaml:"user" json:"user,omitempty"`
	PasswordFile string `yaml:"passwordFile" json:"passwordFile,omitempty"`
	// Service is the weighted service that Shift, Eject and Drain are about, as
	// checkout@file.
	Service string `yaml:"service" json:"service,omitempty"`
	// Directory is what the file provider watches. Either this or Etcd.
	Directory string `yaml:"directory" json:"directory,omitempty"`
	// Etcd is what the etcd provider watches.
	Etcd *Etcd `yaml:"etcd" json:"etcd,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: the nodes that take their configuration from one place.
func (c Config) Name() string {
	if c.Etcd == nil {
		return "traefik " + filepath.Clean(c.Directory)
	}
	return "traefik etcd " + strings.Join(slices.Sorted(slices.Values(c.Etcd.Endpoints)), ",") + "/" + c.Etcd.root()
}

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Now is the time that leases are counted from. Nil: time.Now.
	Now func() time.Time
	// Dial connects, to Traefik and to etcd. Nil: net.Dialer, which refuses
	// link-local addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// GRPC are further options of the connection to etcd.
	GRPC []grpc.DialOption
}

// usualTimeout is Config.Timeout where it is not said, maxTimeout its bound.
const (
	usualTimeout = 5 * time.Second
	maxTimeout   = time.Minute
)

// Actuator is an actuator.Actuator for the nodes of one Traefik.
type Actuator struct {
	c      Config
	client *http.Client
	store  store
	log    *slog.Logger
}

// Leased is one whose changes etcd takes back by itself.
type Leased struct {
	*Actuator
	etcd *etcdStore
}

var (
	_ actuator.Actuator = (*Actuator)(nil)
	_ actuator.Leaser   = Leased{}
)

// New makes an adapter: a Leased one where overlays are kept in etcd. It does not
// connect. The error names each field that is wrong, and what to write.
func New(c Config, o Options) (actuator.Actuator, error) {
	if c.Timeout == 0 {
		c.Timeout = usualTimeout
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Dial == nil {
		o.Dial = hook.Dial
	}
	a := &Actuator{c: c, log: o.Logger, client: &http.Client{
		// Calls are rare: no connection is kept for the next one.
		Transport:     &http.Transport{DialContext: o.Dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Etcd == nil {
		a.store = fileStore{c.Directory}
		return a, c.check()
	}
	kept, err := newEtcdStore(*c.Etcd, c.Timeout, o)
	a.store = kept
	return Leased{a, kept}, errors.Join(c.check(), err)
}

// check is every problem of the settings but those of etcd.
func (c Config) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(len(c.API) == 0, "api: missing: write the addresses of the API of all nodes, such as [http://127.0.0.1:8080]")
	for i, address := range c.API {
		u, err := url.Parse(address)
		report(err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "",
			"api[%d]: not an http or https address without user and query", i)
	}
	_, err := c.password()
	report(err != nil, "%w", err)
	report((c.User == "") != (c.PasswordFile == ""), "user, passwordFile: one is of no use without the other")
	report(c.Service != "" && !qualified.MatchString(c.Service), "service: %q is not a name with its provider, such as checkout@file", c.Service)
	report(c.Directory == "" && c.Etcd == nil, "directory: missing: write the folder that Traefik's file provider watches, or etcd")
	report(c.Directory != "" && c.Etcd != nil, "directory: there is etcd, too: overlays can be in one place only")
	report(c.Directory != "" && !filepath.IsAbs(c.Directory), "directory: %q is not an absolute path", c.Directory)
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(problems...)
}

// password is that of the API; empty: none is needed.
func (c Config) password() (string, error) { return secret("passwordFile", c.PasswordFile) }

// secret is what a file holds, read for each call, so that it can be changed.
func secret(field, file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	return strings.TrimSpace(string(text)), nil
}

// qualified is a name of Traefik's with its provider, which may not end the line
// that it is written in.
var qualified = regexp.MustCompile(`^[^\s\x00-\x1f\x7f@]+@[A-Za-z0-9_-]+$`)
