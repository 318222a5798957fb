package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// Config is what a playbook says about a receiver.
type Config struct {
	// URL is told. It may have a query, which is shown nowhere, and no user.
	URL string `yaml:"url" json:"url"`
	// StatusURL is asked what was done. Empty: nothing can be asked.
	StatusURL string `yaml:"statusUrl" json:"statusUrl,omitempty"`
	// SecretFile holds the signing secret: base64, after "whsec_" if that is there.
	// Empty: events are not signed.
	SecretFile string `yaml:"secretFile" json:"secretFile,omitempty"`
	// Source is the events' source. Empty: slo-engine.
	Source string `yaml:"source" json:"source,omitempty"`
	// Timeout bounds one call. 0: 10 s.
	Timeout time.Duration `yaml:"timeout" json:"timeout,omitempty"`
}

// Name is the gateway's: one receiver.
func (c Config) Name() string { return "webhook " + shown(c.URL) }

// Options are what the process gives.
type Options struct {
	// Logger: nil is slog.DiscardHandler.
	Logger *slog.Logger
	// Now is the time of signatures. Nil: time.Now.
	Now func() time.Time
	// Dial connects. Nil: hook.Dial, which refuses link-local addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	usualTimeout = 10 * time.Second
	maxTimeout   = time.Minute
)

// Actuator is an actuator.Actuator for one receiver.
type Actuator struct {
	c      Config
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
}

var _ actuator.Actuator = (*Actuator)(nil)

// New makes an adapter. It does not call. The error names each field that is
// wrong, and what to write.
func New(c Config, o Options) (*Actuator, error) {
	if c.Timeout == 0 {
		c.Timeout = usualTimeout
	}
	if c.Source == "" {
		c.Source = "slo-engine"
	}
	a := &Actuator{c: c, now: o.Now, log: o.Logger}
	if a.now == nil {
		a.now = time.Now
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
		Transport:     &http.Transport{DialContext: dial, DisableKeepAlives: true, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return a, c.check()
}

// check is every problem of the settings.
func (c Config) check() error {
	var problems []error
	if c.URL == "" {
		problems = append(problems, errors.New("url: missing: write the address to POST events to"))
	}
	for field, text := range map[string]string{"url": c.URL, "statusUrl": c.StatusURL} {
		if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "") {
			problems = append(problems, fmt.Errorf("%s: not an http or https address without user and fragment", field))
		}
	}
	if _, err := url.Parse(c.Source); err != nil {
		problems = append(problems, fmt.Errorf("source: %q is not a URI", c.Source))
	}
	if _, err := c.secret(); err != nil {
		problems = append(problems, err)
	}
	if c.Timeout < 0 || c.Timeout > maxTimeout {
		problems = append(problems, fmt.Errorf("timeout: %s is not between 0 and %s", c.Timeout, maxTimeout))
	}
	return errors.Join(problems...)
}

// secret reads the signing secret; nil: there is none.
func (c Config) secret() (hook.Secret, error) {
	secret, err := hook.ReadSecret(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("secretFile: %w", err)
	}
	return secret, nil
}

// shown is an address without what may be secret in it.
func shown(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	query := ""
	if u.RawQuery != "" {
		query = "?…"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String() + query
}
