package haproxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a HAProxy.
type Config struct {
	// Socket is the runtime API: an absolute path, or host:port.
	Socket string `yaml:"socket" json:"socket"`
	// Backend is whose servers Shift, Eject and Drain are about. Breaker names its
	// own: the action's dependency.
	Backend string `yaml:"backend" json:"backend,omitempty"`
	// CloseMap and RateMap are the map files that CloseRoute and RateLimit write
	// entries of, spelled as in HAProxy's configuration.
	CloseMap string `yaml:"closeMap" json:"closeMap,omitempty"`
	RateMap  string `yaml:"rateMap" json:"rateMap,omitempty"`
	// Timeout bounds one call. 0: 5 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one HAProxy process.
func (c Config) Name() string { return "haproxy " + c.Socket }

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Dial connects to the socket. Nil: hook.Dial, which refuses link-local
	// addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// usualTimeout is Config.Timeout where it is not said, maxTimeout its bound.
const (
	usualTimeout = 5 * time.Second
	maxTimeout   = time.Minute
)

// Actuator is an actuator.Actuator for one HAProxy process.
type Actuator struct {
	c       Config
	network string
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	log     *slog.Logger
}

var _ actuator.Actuator = (*Actuator)(nil)

// New makes an adapter. It does not connect. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (*Actuator, error) {
	a := &Actuator{c: c, dial: o.Dial, log: o.Logger, network: "unix"}
	if !strings.HasPrefix(c.Socket, "/") {
		a.network = "tcp"
	}
	if a.dial == nil {
		a.dial = hook.Dial
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
	report(c.Socket == "", "socket: missing: write the path of HAProxy's stats socket, such as /run/haproxy/admin.sock, or host:port")
	if c.Socket != "" && !strings.HasPrefix(c.Socket, "/") {
		_, _, err := net.SplitHostPort(c.Socket)
		report(err != nil, "socket: %q is neither an absolute path nor host:port", c.Socket)
	}
	report(c.Backend != "" && !proxyName.MatchString(c.Backend), "backend: %q is not a name of HAProxy's", c.Backend)
	for field, file := range map[string]string{"closeMap": c.CloseMap, "rateMap": c.RateMap} {
		report(file != "" && !word.MatchString(file), "%s: %q cannot be written over the runtime API: use a path without spaces and ; \\ < # ' \"", field, file)
	}
	report(c.CloseMap != "" && path.Clean(c.CloseMap) == path.Clean(c.RateMap), "rateMap: is closeMap, too: an entry cannot be a status and a rate")
	report(c.Timeout < 0 || c.Timeout > maxTimeout, "timeout: %s is not between 0 and %s", c.Timeout, maxTimeout)
	return errors.Join(problems...)
}

// proxyName are the names that HAProxy gives to backends and servers; word is
// what needs no quotes in its commands.
var (
	proxyName = regexp.MustCompile(`^[A-Za-z0-9_:.-]+$`)
	word      = regexp.MustCompile(`^[^\s\x00-\x1f\x7f;\\<#'"]+$`)
)
