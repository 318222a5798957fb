package auth

import (
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Sources are where it is written who may do what. The zero value is no auth:
// everyone is Local.
type Sources struct {
	// WebConfigFile is a web configuration as Prometheus has it: TLS, users with
	// their passwords, and whose client certificates are good. Empty: none.
	WebConfigFile string
	// TokensFile holds hashed bearer tokens. Empty: none.
	TokensFile string
	// Roles are those of users and of client certificates, by name.
	Roles map[string]Roles
	// Everyone is what those may do who show no credentials, and so all others.
	Everyone Roles
}

// Summary is what a configuration has to know of sources.
type Summary struct {
	// Enabled: somebody may log in.
	Enabled bool
	// TLS: the ports speak it, and nothing else.
	TLS bool
}

// Check reads sources and says what is wrong with them, with paths such as
// tokens_file and roles.alice.
func Check(s Sources) (Summary, strictyaml.Problems) {
	k, problems := read(s)
	if len(problems) > 0 {
		return Summary{}, problems
	}
	return Summary{Enabled: k.enabled(), TLS: k.web.tls != nil}, k.unused()
}

// known is who is known, and what they may do. It is never changed.
type known struct {
	sources Sources
	web     *webFile
	tokens  []token
	stamps  []stamp // of its files, taken before they were read
}

func read(s Sources) (k *known, problems strictyaml.Problems) {
	k = &known{sources: s, web: &webFile{}, stamps: stampsOf(s.files())}
	if s.WebConfigFile != "" {
		file, found := readWeb(s.WebConfigFile)
		problems = append(problems, elsewhere("web_config_file", s.WebConfigFile, found)...)
		k.web = file
	}
	if s.TokensFile != "" {
		tokens, found := readTokens(s.TokensFile)
		problems = append(problems, elsewhere("tokens_file", s.TokensFile, found)...)
		k.tokens = tokens
	}
	if len(problems) > 0 {
		return nil, problems
	}
	k.stamps = append(k.stamps, k.web.stamps...)
	return k, k.ambiguous()
}

// ambiguous are names that would mean two: nobody could tell them apart in the
// audit.
func (k *known) ambiguous() (problems strictyaml.Problems) {
	for i, t := range k.tokens {
		if _, user := k.web.config.Users[t.name]; user {
			found := strictyaml.Problems{{Path: strictyaml.Key(strictyaml.Index("tokens", i), "name"),
				Message: fmt.Sprintf("%q is a user of the web_config_file, too", t.name), Fix: "choose another name for the token"}}
			problems = append(problems, elsewhere("tokens_file", k.sources.TokensFile, found)...)
		}
	}
	return problems
}

// unused is what would have no effect. It is no reason to keep a file from
// being read again: a user who was taken out of it must be gone.
func (k *known) unused() (problems strictyaml.Problems) {
	if k.sources.WebConfigFile != "" && !k.enabled() && len(k.sources.Everyone) == 0 {
		problems = append(problems, strictyaml.Problem{Path: "web_config_file", Message: "has neither basic_auth_users nor a client_ca_file, so nobody may do anything",
			Fix: "add users, name a tokens_file, or write allow_unauthenticated: [viewer, ingest]"})
	}
	for _, name := range slices.Sorted(maps.Keys(k.sources.Roles)) {
		if reserved(name) {
			problems = append(problems, *reservedName(strictyaml.Key("roles", name), name))
			continue
		}
		if _, user := k.web.config.Users[name]; user || k.web.certificates() {
			continue
		}
		problems = append(problems, strictyaml.Problem{Path: strictyaml.Key("roles", name),
			Message: strconv.Quote(name) + " is no user of the web_config_file", Fix: k.otherUser(name)})
	}
	return problems
}

func (k *known) otherUser(name string) string {
	switch isToken := slices.ContainsFunc(k.tokens, func(t token) bool { return t.name == name }); {
	case isToken:
		return "remove it: the roles of a token stand in the tokens_file"
	case len(k.web.config.Users) == 0:
		return "name a web_config_file with basic_auth_users, or with a client_ca_file"
	}
	return strictyaml.Suggest(name, slices.Sorted(maps.Keys(k.web.config.Users)))
}

// enabled reports whether somebody may log in, be it that nobody has a token
// yet.
func (k *known) enabled() bool {
	return k.sources.TokensFile != "" || len(k.web.config.Users) > 0 || k.web.certificates()
}

// stranger is somebody without credentials.
func (k *known) stranger() Identity {
	if k.sources.TokensFile == "" && k.sources.WebConfigFile == "" && len(k.sources.Everyone) == 0 {
		return Local
	}
	return Identity{Name: Anonymous, Roles: k.sources.Everyone}
}

// somebody has the roles of everyone beside their own.
func (k *known) somebody(name string, roles Roles) Identity {
	return Identity{Name: name, Roles: slices.Concat(roles, k.sources.Everyone)}
}

// ofCertificate is who a verified connection is; false: it is nobody's.
func (k *known) ofCertificate(state *tls.ConnectionState) (Identity, bool) {
	if state == nil || len(state.VerifiedChains) == 0 || !k.web.certificates() {
		return Identity{}, false
	}
	names := certificateNames(state.VerifiedChains[0][0])
	for _, name := range names {
		if roles, ok := k.sources.Roles[name]; ok {
			return k.somebody(name, roles), true
		}
	}
	return k.somebody(slices.Concat(names, []string{"certificate without a name"})[0], nil), true
}

// files are all that must be read again when they change.
func (k *known) files() []string { return append(k.sources.files(), k.web.files()...) }

func (s Sources) files() (list []string) {
	for _, file := range []string{s.WebConfigFile, s.TokensFile} {
		if file != "" {
			list = append(list, file)
		}
	}
	return list
}
