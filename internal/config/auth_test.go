package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// aSum is of a token.
const aSum = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

// loadAuth loads a configuration beside other files, and returns what is wrong
// with it, without the folder.
func loadAuth(t *testing.T, text string, files map[string]string) (*Config, string) {
	t.Helper()
	path, folder := write(t, text)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := Load(path)
	if err == nil {
		return c, ""
	}
	return nil, strings.ReplaceAll(strings.ReplaceAll(err.Error(), path+":", ""), folder+"/", "")
}

func TestAuth(t *testing.T) {
	aHash := authtest.Hash(t, "wonderland")
	c, problems := loadAuth(t, `
listen: 0.0.0.0:9490
otlp: {grpc: ':4317', http: '[::]:4318'}
auth:
  web_config_file: web.yml
  tokens_file: tokens.yml
  roles: {alice: operator, bob: [viewer, ingest]}
  allow_unauthenticated: [viewer]
`, map[string]string{
		"web.yml":    fmt.Sprintf("basic_auth_users: {alice: %q, bob: %[1]q}\n", aHash),
		"tokens.yml": fmt.Sprintf("tokens:\n- {name: ci, roles: ingest, sha256: %s}\n", aSum),
	})
	if problems != "" {
		t.Fatal(problems)
	}
	sources := c.Auth.Sources()
	want := auth.Sources{
		WebConfigFile: filepath.Join(filepath.Dir(sources.TokensFile), "web.yml"), TokensFile: sources.TokensFile,
		Roles:    map[string]auth.Roles{"alice": {auth.Operator}, "bob": {auth.Viewer, auth.Ingest}},
		Everyone: auth.Roles{auth.Viewer},
	}
	if diff := cmp.Diff(want, sources); diff != "" || !filepath.IsAbs(sources.TokensFile) {
		t.Error(diff, sources.TokensFile)
	}
	if !c.Auth.Enabled() || c.Auth.TLS() {
		t.Errorf("enabled %v, TLS %v", c.Auth.Enabled(), c.Auth.TLS())
	}
	if text := c.String(); strings.Contains(text, aHash) || strings.Contains(text, aSum) || !strings.Contains(text, "alice") {
		t.Errorf("printed as\n%s", text)
	}
	if open, _ := load(t, "listen: 0.0.0.0:0\nauth: {allow_unauthenticated: [viewer, ingest]}"); open.Auth.Enabled() {
		t.Error("auth is enabled where nobody can log in")
	}
}

func TestAuthProblems(t *testing.T) {
	users := fmt.Sprintf("basic_auth_users: {alice: %q}\n", authtest.Hash(t, "wonderland"))
	for name, test := range map[string]struct {
		text  string
		files map[string]string
		want  string
	}{
		"no file": {"auth: {tokens_file: tokens.yml}", nil,
			"1: auth.tokens_file: tokens.yml: cannot be read: no such file or directory; make it a file that the engine may read"},
		"no file and open": {"listen: 0.0.0.0:9490\nauth: {web_config_file: web.yml}", nil,
			"2: auth.web_config_file: web.yml: cannot be read: no such file or directory; make it a file that the engine may read"},
		"role": {"auth: {roles: {alice: oprator}, web_config_file: web.yml}", map[string]string{"web.yml": users},
			`1: auth.roles.alice: "oprator" is not a role; did you mean "operator"?`},
		"roles of another type": {"auth: {roles: {alice: {}}, web_config_file: web.yml}", map[string]string{"web.yml": users},
			`1: auth.roles.alice: must be a role or a list of roles, not a mapping; write one such as viewer`},
		"no role": {"auth: {roles: {alice: []}, web_config_file: web.yml}", map[string]string{"web.yml": users},
			`1: auth.roles.alice: is empty; write a role: viewer, ingest, alert, operator, admin`},
		"user": {"auth:\n  web_config_file: web.yml\n  roles: {alcie: viewer}", map[string]string{"web.yml": users},
			`3: auth.roles.alcie: "alcie" is no user of the web_config_file; did you mean "alice"?`},
		"user without a file": {"auth:\n  tokens_file: tokens.yml\n  roles: {ci: viewer, alice: viewer}", map[string]string{"tokens.yml": "tokens: [{name: ci, roles: [viewer], sha256: " + aSum + "}]"},
			`3: auth.roles.alice: "alice" is no user of the web_config_file; name a web_config_file with basic_auth_users, or with a client_ca_file
3: auth.roles.ci: "ci" is no user of the web_config_file; remove it: the roles of a token stand in the tokens_file`},
		"nobody": {"auth: {web_config_file: web.yml}", map[string]string{"web.yml": ""},
			"1: auth.web_config_file: has neither basic_auth_users nor a client_ca_file, so nobody may do anything; add users, name a tokens_file, or write allow_unauthenticated: [viewer, ingest]"},
		"password": {"auth: {web_config_file: web.yml}", map[string]string{"web.yml": "\nbasic_auth_users:\n  alice: hunter2\n"},
			"1: auth.web_config_file: web.yml:3: basic_auth_users.alice: is not a bcrypt hash; write what htpasswd -nBC 10 USER prints after the colon"},
		"collector": {"otlp: {receiver: collector}\nauth: {web_config_file: web.yml, allow_unauthenticated: [viewer]}", map[string]string{"web.yml": "tls_server_config: {cert_file: a}\n"},
			"2: auth.web_config_file: web.yml: missing one of key or key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			c, got := loadAuth(t, test.text, test.files)
			if diff := cmp.Diff(test.want, got); c != nil || diff != "" {
				t.Error(diff)
			}
		})
	}
}
