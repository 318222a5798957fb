package tyk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a Tyk.
type Config struct {
	// URL is the gateway that is written to, without /tyk.
	URL string `yaml:"url" json:"url"`
	// Nodes are all gateways of the group, which are asked whether they have
	// loaded a change. Empty: URL is the only one.
	Nodes []string `yaml:"nodes" json:"nodes,omitempty"`
	// API is the id of the API that actions are about. Breaker names its own: the
	// action's dependency.
	API string `yaml:"api" json:"api,omitempty"`
	// Format of the definition: oas or classic. Empty: oas.
	Format string `yaml:"format" json:"format,omitempty"`
	// Members give the load balancer's targets (URLs) the names that playbooks and
	// series call them by. A target that is not among them has its own.
	Members map[string]string `yaml:"members" json:"members,omitempty"`
	// BreakerBy is mock, which answers in place of the dependency, or
	// circuitBreaker, which has Tyk do so once half of ten calls have failed. Empty:
	// mock.
	BreakerBy string `yaml:"breakerBy" json:"breakerBy,omitempty"`
	// Reload is group, of all gateways, or node, of URL alone; URL's is waited for.
	// Empty: group.
	Reload string `yaml:"reload" json:"reload,omitempty"`
	// SecretFile holds what X-Tyk-Authorization must be.
	SecretFile string `yaml:"secretFile" json:"secretFile"`
	// CAFile holds the certificates that the gateway's is signed with. Empty: the
	// system's.
	CAFile string `yaml:"caFile" json:"caFile,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one Tyk, or one group that shares its files.
func (c Config) Name() string { return "tyk " + base(c.URL) }

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
	openAPI, classic      = "oas", "classic"
	byMock, byTyk         = "mock", "circuitBreaker"
	reloadAll, reloadThis = "group", "node"
)

// Actuator is an actuator.Actuator for one Tyk.
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
	report(c.URL == "", "url: missing: write the gateway's address, such as http://127.0.0.1:8080")
	report(c.URL != "" && !isAddress(c.URL), "url: not an http or https address without user, query and fragment")
	for i, node := range c.Nodes {
		report(!isAddress(node), "nodes[%d]: not an http or https address without user, query and fragment", i)
	}
	report(c.API != "" && !isName(c.API), "api: %q is not an id of Tyk's", c.API)
	targets := map[string]bool{}
	for name, target := range c.Members {
		report(target == "", "members.%s: names no target of the load balancer", name)
		report(targets[target], "members.%s: %s has two names", name, target)
		targets[target] = true
	}
	oneOf := func(field, word string, words ...string) {
		report(word != "" && !slices.Contains(words, word), "%s: %q is not one of %s", field, word, strings.Join(words, ", "))
	}
	oneOf("format", c.Format, openAPI, classic)
	oneOf("breakerBy", c.BreakerBy, byMock, byTyk)
	oneOf("reload", c.Reload, reloadAll, reloadThis)
	_, err := c.secret()
	report(err != nil, "%w", err)
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(problems...)
}
