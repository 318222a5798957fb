package config

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Modes of remediation.
const (
	RemediationOff     = "off"
	RemediationDryRun  = "dry_run"
	RemediationEnforce = "enforce"
)

// Remediation says what the engine may do at gateways; what is done, playbooks
// say.
type Remediation struct {
	// Mode is off, dry_run (what would be done is shown, and not done) or
	// enforce. Default dry_run.
	Mode string `yaml:"mode"`
	// Instance names this engine among those that share a state; after a restart
	// it is the same. Default: the machine's name and the data folder.
	Instance string `yaml:"instance"`
	// MaxOpen bounds the actions that have not ended, 1 to 10,000, MaxPerHour
	// those of an hour, 1 to 100,000; both of all services. Defaults 20 and 60.
	MaxOpen    int `yaml:"max_open"`
	MaxPerHour int `yaml:"max_per_hour"`
	// CallTimeout bounds one call to a gateway, 100 ms to 10 s. Default 5 s.
	CallTimeout time.Duration `yaml:"call_timeout"`
	// Storm says when so much happens at once that nothing is done.
	Storm   Storm   `yaml:"storm"`
	Inbound Inbound `yaml:"inbound"`
}

// Storm says when many services fail at once.
type Storm struct {
	// Services is how many must begin to alert within a minute, at least 2.
	// Default 5.
	Services int `yaml:"services"`
	// For is how long it goes on after that, 1 m to 1 d. Default 5 m.
	For time.Duration `yaml:"for"`
}

// Inbound says how alerts from elsewhere come in.
type Inbound struct {
	// SecretFile holds the secret with which senders sign; empty: they need not.
	SecretFile string `yaml:"secret_file"`
	// MaxAlerts bounds those that are kept, 100 to 1,000,000. Default 20,000.
	MaxAlerts int `yaml:"max_alerts"`
	// MaxAge is how long ago an alert may have begun, when it is heard of first, to
	// start an action, 1 m to 30 d. Default 1 d.
	MaxAge time.Duration `yaml:"max_age"`
	// StaleAfter is how long an alert fires that nobody repeats, 1 m to 30 d; it must
	// be longer than Alertmanager's repeat_interval. Default 1 d.
	StaleAfter time.Duration `yaml:"stale_after"`
}

// State says which database keeps actions: sqlite, in the data folder, or a
// postgres:// address.
type State string

// SQLite is the State of an engine on its own.
const SQLite State = "sqlite"

// UnmarshalValue reads sqlite, or an address. It never repeats it in a message:
// it may hold a password.
func (s *State) UnmarshalValue(v strictyaml.Value) {
	text, ok := v.String()
	if !ok {
		return
	}
	u, err := url.Parse(text)
	// The host may be a folder with a socket, and then stands in the query.
	known := err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && (u.Host != "" || u.Query().Has("host"))
	if text != string(SQLite) && !known {
		v.Report("is no database that is known", "write sqlite, or postgres://user@host/database")
		return
	}
	*s = State(text)
}

// String is the database without its password.
func (s State) String() string {
	if s == SQLite {
		return string(s)
	}
	u, err := url.Parse(string(s))
	if err != nil {
		return "postgres://…"
	}
	query := u.Query()
	if query.Has("password") {
		query.Set("password", "xxxxx")
		u.RawQuery = query.Encode()
	}
	return u.Redacted()
}

// MarshalYAML writes it without its password.
func (s State) MarshalYAML() (any, error) { return s.String(), nil }

// GoString keeps the password out of %#v, too.
func (s State) GoString() string { return strconv.Quote(s.String()) }

// DSN is where the state is, for who opens it.
func (c *Config) DSN() string {
	if c.Storage.State == SQLite {
		return filepath.Join(c.Storage.Path, "state.db")
	}
	return string(c.Storage.State)
}

// Holder is the name of this engine among those that share a state.
func (c *Config) Holder() string {
	if c.Remediation.Instance != "" {
		return c.Remediation.Instance
	}
	host, _ := os.Hostname()
	folder, err := filepath.Abs(c.Storage.Path)
	if err != nil {
		folder = c.Storage.Path
	}
	return cmp.Or(host, "slo-engine") + ":" + folder
}

func (v *validator) remediation() {
	r := v.config.Remediation
	if r.Mode != RemediationOff && r.Mode != RemediationDryRun && r.Mode != RemediationEnforce {
		v.fail("remediation.mode", strconv.Quote(r.Mode)+" is not known", "write off, dry_run or enforce")
	}
	v.within("remediation.max_open", r.MaxOpen, 1, 10_000)
	v.within("remediation.max_per_hour", r.MaxPerHour, 1, 100_000)
	v.between("remediation.call_timeout", r.CallTimeout, 100*time.Millisecond, 10*time.Second)
	v.within("remediation.storm.services", r.Storm.Services, 2, 100_000)
	v.between("remediation.storm.for", r.Storm.For, time.Minute, 24*time.Hour)
	v.within("remediation.inbound.max_alerts", r.Inbound.MaxAlerts, 100, 1_000_000)
	v.between("remediation.inbound.max_age", r.Inbound.MaxAge, time.Minute, 30*24*time.Hour)
	v.between("remediation.inbound.stale_after", r.Inbound.StaleAfter, time.Minute, 30*24*time.Hour)
	if strings.ContainsFunc(r.Instance, func(c rune) bool { return c < ' ' }) || len(r.Instance) > 200 {
		v.fail("remediation.instance", "is no name", "write a short text, such as engine-1")
	}
}

func (v *validator) within(path string, n, least, most int) {
	if n < least || n > most {
		v.fail(path, fmt.Sprintf("must be between %d and %d, not %d", least, most, n), "remove it for the default")
	}
}
