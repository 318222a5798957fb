package config

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Auth says who may do what. The zero value is for an engine that only its own
// machine can reach: everyone may do everything.
type Auth struct {
	// WebConfigFile is a web configuration as Prometheus has it: TLS, users,
	// client certificates. Empty: none.
	WebConfigFile string `yaml:"web_config_file"`
	// TokensFile holds hashed bearer tokens and their roles. Empty: none.
	TokensFile string `yaml:"tokens_file"`
	// Roles are those of users and client certificates, by name.
	Roles map[string]auth.Roles `yaml:"roles"`
	// AllowUnauthenticated lists the roles that everyone has who reaches the
	// ports: viewer, ingest. Without any, and without somebody who may log in,
	// the ports must be on loopback.
	AllowUnauthenticated []string `yaml:"allow_unauthenticated"`

	summary auth.Summary // by Validate
}

// Enabled reports whether somebody may log in, and so be asked for approval.
func (a Auth) Enabled() bool { return a.summary.Enabled }

// TLS reports whether the ports speak it.
func (a Auth) TLS() bool { return a.summary.TLS }

// Sources are where it is written who may do what.
func (a Auth) Sources() auth.Sources {
	everyone, _ := auth.ParseRoles(a.AllowUnauthenticated) // Validate has looked at them
	return auth.Sources{WebConfigFile: a.WebConfigFile, TokensFile: a.TokensFile, Roles: a.Roles, Everyone: everyone}
}

// resolve makes relative paths start at folder.
func (a *Auth) resolve(folder string) {
	for _, path := range []*string{&a.WebConfigFile, &a.TokensFile} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

// auth reads the files that are named. It comes before what depends on them.
func (v *validator) auth() {
	a := &v.config.Auth
	open := []string{string(auth.Viewer), string(auth.Ingest)}
	for i, role := range a.AllowUnauthenticated {
		at := strictyaml.Index("auth.allow_unauthenticated", i)
		_, unknown := auth.ParseRoles([]string{role})
		switch {
		case unknown != nil:
			v.fail(at, fmt.Sprintf("%q is not a role", role), strictyaml.Suggest(role, open))
		case !slices.Contains(open, role):
			v.fail(at, fmt.Sprintf("role %q cannot be given to everyone", role), "remove it")
		}
	}
	summary, problems := auth.Check(a.Sources())
	for _, p := range problems {
		v.fail("auth."+p.Path, p.Message, p.Fix)
	}
	a.summary = summary
	if summary.TLS && v.config.OTLP.Receiver == "collector" {
		v.fail("otlp.receiver", "collector cannot speak the TLS of auth.web_config_file", "write direct")
	}
}
