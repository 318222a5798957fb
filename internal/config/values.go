package config

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	promconfig "github.com/prometheus/common/config"
	"go.yaml.in/yaml/v3"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// UnmarshalValue reads an http or https address. It never repeats it in a
// message: it may hold a password.
func (u *URL) UnmarshalValue(v strictyaml.Value) {
	const example = "write an address such as http://127.0.0.1:9093"
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
	case parsed.RawQuery != "" || parsed.Fragment != "":
		v.Report("must end with its path, without ? and #", example)
	default:
		u.URL = parsed
	}
}

// String is the address without its password; empty for none.
func (u URL) String() string {
	if u.URL == nil {
		return ""
	}
	return u.Redacted()
}

// MarshalYAML writes the address without its password.
func (u URL) MarshalYAML() (any, error) { return u.String(), nil }

// MarshalJSON writes the address without its password.
func (u URL) MarshalJSON() ([]byte, error) { return fmt.Appendf(nil, "%q", u.String()), nil }

// UnmarshalValue reads host:port, or off.
func (a *Address) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	if *a = Address(text); text == "off" {
		*a = ""
	}
}

// MarshalYAML writes off for an empty address.
func (a Address) MarshalYAML() (any, error) {
	if a == "" {
		return "off", nil
	}
	return string(a), nil
}

// UnmarshalValue reads the name of a level.
func (l *Level) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	level, ok := levels[text]
	if !ok {
		v.Report(fmt.Sprintf("%q is not a level", text), "write debug, info, warn or error")
		return
	}
	*l = Level(level)
}

// Level makes l a slog.Leveler.
func (l Level) Level() slog.Level { return slog.Level(l) }

// MarshalYAML writes the name of the level.
func (l Level) MarshalYAML() (any, error) { return strings.ToLower(l.Level().String()), nil }

// UnmarshalValue fills in the defaults of the HTTP client first.
func (a *Alertmanager) UnmarshalValue(v strictyaml.Value) {
	type plain Alertmanager // without this method
	p := plain{HTTPClientConfig: promconfig.DefaultHTTPClientConfig}
	v.Decode(&p)
	*a = Alertmanager(p)
}

// String is the address, without secrets.
func (a Alertmanager) String() string { return a.URL.String() }

// String is the configuration as YAML, without secrets.
func (c *Config) String() string {
	text, err := yaml.Marshal(c)
	if err != nil {
		return "cannot print the configuration: " + err.Error()
	}
	return string(text)
}

// GoString is String: %#v must not print secrets either.
func (c *Config) GoString() string { return c.String() }

// LogValue keeps secrets out of logs.
func (c *Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
