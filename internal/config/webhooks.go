package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	promconfig "github.com/prometheus/common/config"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Webhook is somebody who is told what happens, and how to talk to them: the
// fields of Prometheus's HTTP client configuration stand beside its url.
type Webhook struct {
	// Name tells it from others, in the outbox and in metrics.
	Name string `yaml:"name" need:"a name of your own, such as chat"`
	// URL is where events are POSTed.
	URL SecretURL `yaml:"url" need:"an address such as https://hooks.example.org/slo"`
	// SecretFile holds the secret by which events are signed: base64 of 24 bytes or
	// more, after whsec_ if that is there. Default none: they are not signed.
	SecretFile string `yaml:"secret_file"`
	// Types are what it is told of: alert, action, gate. Default all.
	Types []string `yaml:"types"`
	// Timeout bounds one call, 100 ms to 1 m. Default 10 s.
	Timeout time.Duration `yaml:"timeout"`

	promconfig.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalValue fills in the defaults first. Redirects are not followed.
func (w *Webhook) UnmarshalValue(v strictyaml.Value) {
	type plain Webhook // without this method
	p := plain{Timeout: 10 * time.Second, HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
	p.FollowRedirects = false
	v.Decode(&p)
	*w = Webhook(p)
}

// String is the name and the host, without secrets.
func (w Webhook) String() string { return w.Name + " " + w.URL.String() }

// SecretURL is an http or https address of which only the host is shown: its
// path or query may be a secret. The zero value is none.
type SecretURL struct{ *url.URL }

// UnmarshalValue reads an address. It never repeats it in a message.
func (u *SecretURL) UnmarshalValue(v strictyaml.Value) {
	const example = "write an address such as https://hooks.example.org/slo"
	text, ok := v.String()
	if !ok || text == "" {
		return
	}
	parsed, err := url.Parse(text)
	switch {
	case err != nil:
		v.Report("is not a URL", example)
	case parsed.Scheme != "http" && parsed.Scheme != "https":
		v.Report("must begin with http:// or https://", example)
	case parsed.Host == "":
		v.Report("has no host", example)
	case parsed.User != nil:
		v.Report("has a user in it", "write basic_auth beside it")
	case parsed.Fragment != "":
		v.Report("has a # in it", example)
	case linkLocal(parsed.Hostname()):
		v.Report("is a link-local address, which is not called", example)
	default:
		u.URL = parsed
	}
}

func linkLocal(host string) bool {
	at, err := netip.ParseAddr(host)
	return err == nil && at.Unmap().IsLinkLocalUnicast()
}

// String is the address without its path and query; empty for none.
func (u SecretURL) String() string {
	switch {
	case u.URL == nil:
		return ""
	case u.Path == "" && u.RawQuery == "":
		return u.Scheme + "://" + u.Host
	}
	return u.Scheme + "://" + u.Host + "/…"
}

// GoString is String.
func (u SecretURL) GoString() string { return u.String() }

// MarshalYAML writes what String says.
func (u SecretURL) MarshalYAML() (any, error) { return u.String(), nil }

// MarshalJSON writes what String says.
func (u SecretURL) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", u.String()), nil }

// webhookTypes are what a webhook can be told of.
var webhookTypes = []string{"alert", "action", "gate"}

// webhookName is what a metric's label, and the id of a message, can hold.
var webhookName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

func (v *validator) webhooks() {
	seen := map[string]bool{}
	for i, w := range v.config.Notify.Webhooks {
		path := strictyaml.Index("notify.webhooks", i)
		switch {
		case !webhookName.MatchString(w.Name):
			v.fail(path+".name", strconv.Quote(w.Name)+" is not a name", "write letters, digits, _, . and -, such as chat")
		case seen[w.Name]:
			v.fail(path+".name", strconv.Quote(w.Name)+" is there twice", "give each a name of its own")
		}
		seen[w.Name] = true
		if w.URL.URL == nil {
			v.fail(path+".url", "is empty", "write an address such as https://hooks.example.org/slo")
		}
		for n, kind := range w.Types {
			if !slices.Contains(webhookTypes, kind) {
				v.fail(strictyaml.Index(path+".types", n), strconv.Quote(kind)+" is not what a webhook is told of", strictyaml.Suggest(kind, webhookTypes))
			}
		}
		v.between(path+".timeout", w.Timeout, 100*time.Millisecond, time.Minute)
		if w.FollowRedirects {
			v.fail(path+".follow_redirects", "redirects of webhooks are not followed", "remove it, and write the address that is meant")
		}
	}
}

// resolveWebhooks makes relative paths start at folder.
func (c *Config) resolveWebhooks(folder string) {
	for i := range c.Notify.Webhooks {
		w := &c.Notify.Webhooks[i]
		w.SetDirectory(folder)
		if w.SecretFile != "" && !filepath.IsAbs(w.SecretFile) {
			w.SecretFile = filepath.Join(folder, w.SecretFile)
		}
	}
}
