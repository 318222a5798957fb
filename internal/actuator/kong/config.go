package kong

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a Kong.
type Config struct {
	// URL is the Admin API that is written to, with the workspace as its path
	// where there are such.
	URL string `yaml:"url" json:"url"`
	// Nodes are the Admin APIs of all nodes, which are asked whether they have a
	// change. Empty: URL is the only one.
	Nodes []string `yaml:"nodes" json:"nodes,omitempty"`
	// Upstream is whose targets Shift, Eject and Drain are about.
	Upstream string `yaml:"upstream" json:"upstream,omitempty"`
	// Members give targets (host:port) the names that playbooks and series call
	// them by. A target that is not among them has its own.
	Members map[string]string `yaml:"members" json:"members,omitempty"`
	// EjectBy is weight or health. Empty: weight. With health, the action can be
	// nothing but an eject.
	EjectBy string `yaml:"ejectBy" json:"ejectBy,omitempty"`
	// RatePolicy is where a new limit counts: local, each node by itself, or
	// cluster, in the database. Empty: local.
	RatePolicy string `yaml:"ratePolicy" json:"ratePolicy,omitempty"`
	// TokenFile holds the Kong-Admin-Token. Empty: none is sent.
	TokenFile string `yaml:"tokenFile" json:"tokenFile,omitempty"`
	// CAFile holds the certificates that the Admin API's is signed with. Empty:
	// the system's.
	CAFile string `yaml:"caFile" json:"caFile,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one Kong, or one workspace of it.
func (c Config) Name() string { return "kong " + base(c.URL) }

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

// Words of the settings.
const (
	byWeight, byHealth   = "weight", "health"
	perNode, perDatabase = "local", "cluster"
)

// Actuator is an actuator.Actuator for one Kong.
type Actuator struct {
	c      Config
	client *http.Client
	log    *slog.Logger
}

var _ actuator.Actuator = (*Actuator)(nil)

// New makes an adapter. It does not call. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (*Actuator, error) {
	roots, err := c.roots()
	if err := errors.Join(c.check(), err); err != nil {
		return nil, err
	}
	a := &Actuator{c: c, log: o.Logger}
	a.c.URL = base(c.URL)
	a.c.Nodes = nil
	for _, node := range c.Nodes {
		a.c.Nodes = append(a.c.Nodes, base(node))
	}
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
	a.client = &http.Client{
		// Calls are rare: no connection is kept for the next one.
		Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true, ForceAttemptHTTP2: true,
			TLSClientConfig: &tls.Config{RootCAs: roots},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, nil
}

// check is every problem of the settings.
func (c Config) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(c.URL == "", "url: missing: write the address of Kong's Admin API, such as http://127.0.0.1:8001")
	report(c.URL != "" && !isAddress(c.URL), "url: not an http or https address without user, query and fragment")
	for i, node := range c.Nodes {
		report(!isAddress(node), "nodes[%d]: not an http or https address without user, query and fragment", i)
	}
	report(c.Upstream != "" && !isName(c.Upstream), "upstream: %q is not a name of Kong's", c.Upstream)
	targets := map[string]bool{}
	for name, target := range c.Members {
		_, _, err := net.SplitHostPort(target)
		report(err != nil, "members.%s: %q is not host:port", name, target)
		report(targets[target], "members.%s: %s has two names", name, target)
		targets[target] = true
	}
	report(!slices.Contains([]string{"", byWeight, byHealth}, c.EjectBy), "ejectBy: %q is neither weight nor health", c.EjectBy)
	report(!slices.Contains([]string{"", perNode, perDatabase}, c.RatePolicy), "ratePolicy: %q is neither local nor cluster", c.RatePolicy)
	_, err := c.token()
	report(err != nil, "%w", err)
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(problems...)
}
