package apisix

import (
	"context"
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

// Config is what a playbook says about an APISIX.
type Config struct {
	// URL is where the Admin API is, such as http://127.0.0.1:9180.
	URL string `yaml:"url" json:"url"`
	// KeyFile holds the admin key.
	KeyFile string `yaml:"keyFile" json:"keyFile"`
	// Upstream is whose nodes Shift, Eject and Drain are about, Route whose plugin
	// traffic-split. At most one of them; without them the adapter knows the other
	// kinds of actions.
	Upstream string `yaml:"upstream" json:"upstream,omitempty"`
	Route    string `yaml:"route" json:"route,omitempty"`
	// Trip makes a breaker one that opens while the dependency fails. Otherwise it
	// is open.
	Trip bool `yaml:"trip" json:"trip,omitempty"`
	// Control are the control APIs of all nodes, such as http://127.0.0.1:9090,
	// which are asked how far each is, and which members are well. Empty: nobody
	// is.
	Control []string `yaml:"control" json:"control,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one Admin API.
func (c Config) Name() string { return "apisix " + strings.TrimRight(c.URL, "/") }

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Now is what is left of a lease counted from. Nil: time.Now.
	Now func() time.Time
	// Dial connects. Nil: hook.Dial, which refuses link-local addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// usualTimeout is Config.Timeout where it is not said, maxTimeout its bound.
const (
	usualTimeout = 5 * time.Second
	maxTimeout   = time.Minute
)

// gateway is what all adapters of one APISIX share.
type gateway struct {
	c      Config
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
}

// New makes an adapter: a *Pool where the settings name an upstream or a route,
// an *Overlays otherwise. It does not call. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (actuator.Actuator, error) {
	if c.Timeout == 0 {
		c.Timeout = usualTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Dial == nil {
		o.Dial = hook.Dial
	}
	g := &gateway{c: c, now: o.Now, log: o.Logger, client: &http.Client{
		// Calls are rare: no connection is kept for the next one.
		Transport:     &http.Transport{DialContext: o.Dial, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.Upstream+c.Route != "" {
		return &Pool{g}, c.check()
	}
	return &Overlays{g}, c.check()
}

// id are those that APISIX gives to objects.
var id = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,64}$`)

// check is every problem of the settings.
func (c Config) check() error {
	var problems []error
	report := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	report(c.URL == "", "url: missing: write where the Admin API is, such as http://127.0.0.1:9180")
	report(c.URL != "" && !address(c.URL), "url: not http://host:port or https://host:port")
	for i, text := range c.Control {
		report(!address(text), "control[%d]: not http://host:port or https://host:port", i)
	}
	report(c.Upstream != "" && !id.MatchString(c.Upstream), "upstream: %q is not the id of one", c.Upstream)
	report(c.Route != "" && !id.MatchString(c.Route), "route: %q is not the id of one", c.Route)
	report(c.Upstream != "" && c.Route != "", "route: upstream is there, too: write the one whose weights are to be changed")
	report(c.Trip && c.Upstream+c.Route != "", "trip: is for breakers, which want neither upstream nor route beside them")
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	if _, err := c.key(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func address(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil &&
		strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment == ""
}

// key reads the admin key, at each call: it may be exchanged meanwhile.
func (c Config) key() (string, error) {
	if c.KeyFile == "" {
		return "", errors.New("keyFile: missing: write the path of the file with the admin key")
	}
	text, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return "", fmt.Errorf("keyFile: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" || strings.ContainsAny(key, "\r\n") {
		return "", fmt.Errorf("keyFile: %s does not hold a key in one line", c.KeyFile)
	}
	return key, nil
}
