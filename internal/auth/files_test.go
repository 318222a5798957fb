package auth

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// stale is what the metric says.
func (h *house) stale() float64 { return testutil.ToFloat64(h.door.failures.stale) }

func TestFilesAreReadAgain(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, files(t, folder, ""))
	admin, viewer := shown{bearer: "admin-token"}, shown{user: "the-viewer", password: "viewer-secret"}
	if h.ask("admin", admin).code != 200 || h.ask("viewer", viewer).code != 200 {
		t.Fatal("they may not from the beginning")
	}
	authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("new", "admin", "new-token"))
	if h.ask("admin", admin).code != 200 {
		t.Error("the files are looked at more often than once a second")
	}
	h.clock.pass(look)
	if h.ask("admin", admin).code != 401 || h.ask("admin", shown{bearer: "new-token"}).body != "new" {
		t.Error("the token was not replaced")
	}

	// A user who is taken out is gone, though auth.roles still names them.
	authtest.Write(t, folder, "web.yml", fmt.Sprintf("basic_auth_users: {the-admin: %q}", authtest.Hash(t, "other")))
	h.clock.pass(look)
	if code := h.ask("viewer", viewer).code; code != 401 {
		t.Errorf("a user who was taken out is answered %d", code)
	}
	if code := h.ask("admin", shown{user: "the-admin", password: "admin-secret"}).code; code != 401 {
		t.Errorf("an old password is answered %d", code)
	}
	if r := h.ask("admin", shown{user: "the-admin", password: "other"}); r.code != 200 {
		t.Errorf("a new password is answered %d", r.code)
	}
}

// An editor may write into the file; a tool that unpacks may keep its times.
func TestEveryChangeIsSeen(t *testing.T) {
	folder := t.TempDir()
	token := func(text string) string { return "tokens:\n" + authtest.Token("a", "viewer", text) }
	path := authtest.Write(t, folder, "tokens.yml", token("first"))
	h := open(t, folder, Sources{TokensFile: path})
	stamp := time.Unix(1_700_000_000, 0)
	for text, change := range map[string]func(text string) error{
		"into": func(text string) error { return os.WriteFile(path, []byte(token(text)), 0o600) },
		"instead": func(text string) error {
			authtest.Write(t, folder, "tokens.yml", token(text))
			return os.Chtimes(path, stamp, stamp)
		},
	} {
		if err := os.Chtimes(path, stamp, stamp); err != nil {
			t.Fatal(err)
		}
		h.clock.pass(look)
		h.ask("viewer", shown{})
		if err := change(text); err != nil {
			t.Fatal(err)
		}
		h.clock.pass(look)
		if r := h.ask("viewer", shown{bearer: text}); r.code != 200 {
			t.Errorf("written %s the file: %d", text, r.code)
		}
	}
}

func TestAFileThatComesBackAsItWas(t *testing.T) {
	folder := t.TempDir()
	path := authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("a", "viewer", "token"))
	h := open(t, folder, Sources{TokensFile: path})
	for i, move := range [][2]string{{path, path + ".away"}, {path + ".away", path}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
		h.clock.pass(look)
		if r := h.ask("viewer", shown{bearer: "token"}); r.code != 200 || h.stale() != float64(1-i) {
			t.Errorf("%d, stale %v", r.code, h.stale())
		}
	}
}

func TestAFaultyFileChangesNothing(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, files(t, folder, ""))
	admin := shown{bearer: "admin-token"}
	for _, faulty := range []string{"tokens: [", "tokens: [{name: a, roles: [king], sha256: b}]", "tokens: [{name: the-admin, roles: admin, sha256: " + strings.Repeat("ab", 32) + "}]", ""} {
		if faulty == "" {
			if err := os.Remove(h.door.known.Load().sources.TokensFile); err != nil {
				t.Fatal(err)
			}
		} else {
			authtest.Write(t, folder, "tokens.yml", faulty)
		}
		for range 3 {
			h.clock.pass(look)
			if code := h.ask("admin", admin).code; code != 200 || h.stale() != 1 {
				t.Errorf("%s: %d, stale %v", faulty, code, h.stale())
			}
		}
	}
	if told := strings.Count(h.log.String(), "cannot be read again"); told != 4 {
		t.Errorf("told %d times:\n%s", told, h.log)
	}
	authtest.Write(t, folder, "tokens.yml", "tokens:\n"+authtest.Token("new", "admin", "new-token"))
	h.clock.pass(look)
	if h.ask("admin", admin).code != 401 || h.stale() != 0 {
		t.Errorf("what was mended does not hold: stale %v", h.stale())
	}
}

func TestAReloadTakesOverWhole(t *testing.T) {
	folder := t.TempDir()
	s := files(t, folder, "")
	h := open(t, folder, s)
	idle := shown{user: "idle", password: "idle-secret"}
	if roles, _ := h.may(idle); roles != nil {
		t.Fatalf("idle has %v", roles)
	}
	more := s
	more.Roles = map[string]Roles{"idle": {Operator}}
	takeOver, err := h.door.Prepare(more)
	if err != nil {
		t.Fatal(err)
	}
	if roles, _ := h.may(idle); roles != nil {
		t.Errorf("before it is taken over idle has %v", roles)
	}
	takeOver()
	if roles, _ := h.may(idle); !cmp.Equal(roles, []string{"viewer", "operator"}) {
		t.Errorf("idle has %v", roles)
	}
	less := more
	less.TokensFile = folder + "/none.yml"
	less.Roles = nil
	if _, err := h.door.Prepare(less); err == nil || !strings.Contains(err.Error(), "auth.tokens_file: "+folder+"/none.yml: cannot be read") {
		t.Errorf("error %v", err)
	}
	if roles, _ := h.may(idle); !cmp.Equal(roles, []string{"viewer", "operator"}) {
		t.Errorf("after a refused reload idle has %v", roles)
	}
}

func TestCheckNamesProblems(t *testing.T) {
	hash := authtest.Hash(t, "x")
	sum := strings.Repeat("ab", 32)
	for name, test := range map[string]struct {
		web, tokens string
		roles       map[string]Roles
		want        []string
	}{
		"no hash":         {web: "basic_auth_users:\n  a: hunter2\n", want: []string{"web_config_file: F/web.yml:2: basic_auth_users.a: is not a bcrypt hash; write what htpasswd -nBC 10 USER prints after the colon"}},
		"slow hash":       {web: "basic_auth_users: {a: '" + strings.Replace(hash, "$04$", "$31$", 1) + "'}", want: []string{"web_config_file: F/web.yml:1: basic_auth_users.a: is a bcrypt hash of cost 31, which takes too long to compare; make one of cost 10, 15 at most"}},
		"our own name":    {web: "basic_auth_users: {local: '" + hash + "'}", want: []string{`web_config_file: F/web.yml:1: basic_auth_users.local: "local" is what the engine calls those without credentials; choose another name`}},
		"unknown field":   {web: "basic_auth_user: {a: b}", want: []string{`web_config_file: F/web.yml:1: basic_auth_user: unknown field; did you mean "basic_auth_users"?`}},
		"number":          {web: "basic_auth_users: {a: 1}", want: []string{"web_config_file: F/web.yml:1: basic_auth_users.a: must be a string in quotes, not a number"}},
		"header":          {web: "http_server_config: {headers: {X-A: b}}", want: []string{`web_config_file: F/web.yml: HTTP header "X-A" can not be configured`}},
		"cipher":          {web: "tls_server_config: {cipher_suites: [ROT13]}", want: []string{"web_config_file: F/web.yml:1: tls_server_config.cipher_suites[0]: unknown cipher: ROT13"}},
		"no token":        {tokens: "tokens: [{name: a, roles: [viewer], sha256: hunter2}]", want: []string{"tokens_file: F/tokens.yml:1: tokens[0].sha256: is not a SHA-256 in 64 hexadecimal digits; write what slo-engine token prints; the token itself must not be here"}},
		"half a sum":      {tokens: "tokens: [{name: a, roles: [viewer], sha256: abcd}]", want: []string{"tokens_file: F/tokens.yml:1: tokens[0].sha256: is not a SHA-256 in 64 hexadecimal digits; write what slo-engine token prints; the token itself must not be here"}},
		"role of a token": {tokens: "tokens:\n- name: a\n  roles: reader\n  sha256: " + sum, want: []string{`tokens_file: F/tokens.yml:3: tokens[0].roles: "reader" is not a role; known here: viewer, ingest, alert, operator, admin`}},
		"half a token":    {tokens: "tokens: [{name: a}]", want: []string{"tokens_file: F/tokens.yml:1: tokens[0].roles: is missing; write a role, such as ingest", "tokens_file: F/tokens.yml:1: tokens[0].sha256: is missing; write what slo-engine token prints"}},
		"twice":           {tokens: "tokens:\n- {name: a, roles: viewer, sha256: " + sum + "}\n- {name: a, roles: viewer, sha256: " + sum + "}", want: []string{`tokens_file: F/tokens.yml:3: tokens[1].name: "a" is there twice; give each token a name of its own`}},
		"user and token":  {web: "basic_auth_users: {a: '" + hash + "'}", tokens: "tokens: [{name: a, roles: viewer, sha256: " + sum + "}]", want: []string{`tokens_file: F/tokens.yml: tokens[0].name: "a" is a user of the web_config_file, too; choose another name for the token`}},
		"our own role":    {web: "basic_auth_users: {a: '" + hash + "'}", roles: map[string]Roles{"anonymous": {Viewer}}, want: []string{`roles.anonymous: "anonymous" is what the engine calls those without credentials; choose another name`}},
		"sound":           {web: "basic_auth_users: {a: '" + hash + "'}", tokens: "tokens: []", roles: map[string]Roles{"a": {Viewer}}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			s := Sources{Roles: test.roles}
			if test.web != "" {
				s.WebConfigFile = authtest.Write(t, folder, "web.yml", test.web)
			}
			if test.tokens != "" {
				s.TokensFile = authtest.Write(t, folder, "tokens.yml", test.tokens)
			}
			summary, problems := Check(s)
			var got []string
			for _, p := range problems {
				got = append(got, strings.ReplaceAll(p.String(), folder, "F"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" || len(got) == 0 && !summary.Enabled {
				t.Errorf("%+v %s", summary, diff)
			}
			if strings.Contains(strings.Join(got, "\n"), "hunter2") {
				t.Error("a password is shown")
			}
		})
	}
}

func TestFilesThatAreNone(t *testing.T) {
	folder := t.TempDir()
	large := authtest.Write(t, folder, "large.yml", strings.Repeat("# \n", maxFileBytes/3+1))
	for path, want := range map[string]string{folder: "it is not a regular file", folder + "/none": "no such file or directory", large: "it has more than the 1048576 bytes allowed"} {
		_, problems := Check(Sources{TokensFile: path})
		if len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
			t.Errorf("%s: %v", path, problems)
		}
	}
}

func TestNewTokenIsTaken(t *testing.T) {
	folder := t.TempDir()
	made, other := NewToken("ci", Roles{Ingest, Viewer}), NewToken(`o"dd: {name}`, Roles{Alert})
	if made.Text == other.Text || len(made.Text) < 40 || strings.Contains(made.Line, made.Text) {
		t.Fatalf("made %q and %q", made, other)
	}
	h := open(t, folder, Sources{TokensFile: authtest.Write(t, folder, "tokens.yml", "tokens:\n"+made.Line+"\n"+other.Line+"\n")})
	if roles, _ := h.may(shown{bearer: made.Text}); !cmp.Equal(roles, []string{"viewer", "ingest"}) {
		t.Errorf("it has %v", roles)
	}
	if r := h.ask("alert", shown{bearer: other.Text}); r.body != `o"dd: {name}` {
		t.Errorf("%d %s", r.code, r.body)
	}
}

func copyFile(t *testing.T, from, folder, name string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	authtest.Write(t, folder, name, string(data))
}
