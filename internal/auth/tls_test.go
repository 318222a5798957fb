package auth

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// secured is a folder with a server's certificate, and one of alice's.
type secured struct {
	folder            string
	authority, others *authtest.Authority
	cert, key         string
}

func secure(t *testing.T) *secured {
	t.Helper()
	s := &secured{folder: t.TempDir()}
	s.authority = authtest.NewAuthority(t, s.folder, "authority")
	s.others = authtest.NewAuthority(t, s.folder, "others")
	s.authority.Issue(t, s.folder, "server")
	s.cert, s.key = s.authority.Issue(t, s.folder, "alice", "alice.example")
	return s
}

// web is a web configuration with these fields of tls_server_config beside the
// certificate.
func (s *secured) web(t *testing.T, more string) Sources {
	t.Helper()
	text := fmt.Sprintf("tls_server_config: {cert_file: server.crt, key_file: server.key, %s}\nbasic_auth_users: {bob: %q}\n", more, authtest.Hash(t, "builder"))
	return Sources{
		WebConfigFile: authtest.Write(t, s.folder, "web.yml", text),
		Roles:         map[string]Roles{"bob": {Viewer}, "alice": {Operator}, "carol.example": {Ingest}},
	}
}

const given = "client_ca_file: authority.pem, client_auth_type: VerifyClientCertIfGiven"

func TestTLS(t *testing.T) {
	s := secure(t)
	h := open(t, s.folder, s.web(t, ""))
	bob := shown{user: "bob", password: "builder", tls: s.authority.Trust(t, "", "")}
	if r := h.ask("viewer", bob); r.code != 200 || r.proto != "HTTP/2.0" {
		t.Errorf("%d %s %s", r.code, r.proto, r.body)
	}
	if r := h.ask("viewer", shown{user: "bob", password: "builder"}); r.code == 200 {
		t.Error("the port speaks plain HTTP, too")
	}
	if r := h.ask("open", shown{tls: s.others.Trust(t, "", "")}); !strings.Contains(r.body, "unknown authority") {
		t.Errorf("%d %s", r.code, r.body)
	}
}

// Who resumes a session is not verified again.
func TestSessionsAreNotResumed(t *testing.T) {
	s := secure(t)
	h := open(t, s.folder, s.web(t, given))
	config := s.authority.Trust(t, s.cert, s.key)
	config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	config.NextProtos = []string{"http/1.1"}
	for range 3 {
		conn, err := tls.Dial("tcp", h.addr, config)
		if err != nil {
			t.Fatal(err)
		}
		// An answer comes after the tickets.
		_, err = conn.Write([]byte("GET /open HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
		answer, readErr := io.ReadAll(conn)
		if err != nil || readErr != nil || !strings.Contains(string(answer), "200 OK") {
			t.Fatalf("%v, %v: %s", err, readErr, answer)
		}
		if conn.ConnectionState().DidResume {
			t.Error("a session was resumed")
		}
		_ = conn.Close()
	}
}

func TestHTTP2CanBeSwitchedOff(t *testing.T) {
	s := secure(t)
	sources := s.web(t, "")
	authtest.Write(t, s.folder, "web.yml", "http_server_config: {http2: false}\ntls_server_config: {cert_file: server.crt, key_file: server.key, min_version: TLS13}\n")
	sources.Roles = nil
	h := open(t, s.folder, sources)
	if r := h.ask("open", shown{tls: s.authority.Trust(t, "", "")}); r.proto != "HTTP/1.1" {
		t.Errorf("%d %s", r.code, r.proto)
	}
	old := s.authority.Trust(t, "", "")
	old.MaxVersion = tls.VersionTLS12
	if r := h.ask("open", shown{tls: old}); r.code != 0 {
		t.Errorf("min_version is not heeded: %d", r.code)
	}
}

func TestCertificatesNameTheirBearers(t *testing.T) {
	s := secure(t)
	carol, carolKey := s.authority.Issue(t, s.folder, "Carol Danvers", "nobody.example", "carol.example")
	dave, daveKey := s.authority.Issue(t, s.folder, "dave")
	forged, forgedKey := s.others.Issue(t, s.folder, "alice2", "carol.example")
	h := open(t, s.folder, s.web(t, given))
	for name, test := range map[string]struct {
		cert, key string
		page      string
		code      int
		who       string
	}{
		"common name":    {s.cert, s.key, "operator", 200, "alice"},
		"another name":   {carol, carolKey, "ingest", 200, "carol.example"},
		"no role":        {dave, daveKey, "viewer", 403, ""},
		"no certificate": {"", "", "viewer", 401, ""},
		"forged":         {forged, forgedKey, "ingest", 0, ""},
	} {
		r := h.ask(test.page, shown{tls: s.authority.Trust(t, test.cert, test.key)})
		if r.code != test.code || test.who != "" && r.body != test.who {
			t.Errorf("%s: %d %s", name, r.code, r.body)
		}
	}
	// What is shown in a header comes before the certificate.
	if r := h.ask("open", shown{user: "bob", password: "builder", tls: s.authority.Trust(t, s.cert, s.key)}); r.body != "bob" {
		t.Errorf("%d %s", r.code, r.body)
	}
}

// A certificate that nobody has verified is a claim.
func TestUnverifiedCertificatesNameNobody(t *testing.T) {
	s := secure(t)
	mine, mineKey := s.others.Issue(t, s.folder, "alice")
	for _, policy := range []string{"RequestClientCert", "RequireAnyClientCert"} {
		sources := s.web(t, "client_auth_type: "+policy)
		delete(sources.Roles, "alice")
		delete(sources.Roles, "carol.example")
		h := open(t, s.folder, sources)
		if r := h.ask("operator", shown{tls: s.authority.Trust(t, mine, mineKey)}); r.code != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", policy, r.code, r.body)
		}
	}
}

// The toolkit's check of names panics where no certificate is shown.
func TestAllowedNames(t *testing.T) {
	s := secure(t)
	dave, daveKey := s.authority.Issue(t, s.folder, "dave", "dave.example")
	h := open(t, s.folder, s.web(t, given+", client_allowed_sans: [alice.example]"))
	if r := h.ask("operator", shown{tls: s.authority.Trust(t, s.cert, s.key)}); r.body != "alice" {
		t.Errorf("an allowed one: %d %s", r.code, r.body)
	}
	if r := h.ask("open", shown{tls: s.authority.Trust(t, dave, daveKey)}); r.code != 0 {
		t.Errorf("another: %d %s", r.code, r.body)
	}
	if r := h.ask("viewer", shown{user: "bob", password: "builder", tls: s.authority.Trust(t, "", "")}); r.body != "bob" {
		t.Errorf("none: %d %s", r.code, r.body)
	}
}

func TestCertificatesAreReadAgain(t *testing.T) {
	s := secure(t)
	h := open(t, s.folder, s.web(t, given))
	trusting := shown{tls: s.authority.Trust(t, s.cert, s.key)}
	if r := h.ask("operator", trusting); r.code != 200 {
		t.Fatalf("%d %s", r.code, r.body)
	}
	// Half of a new pair: the old one holds.
	_, key := s.others.Issue(t, t.TempDir(), "server")
	copyFile(t, key, s.folder, "server.key")
	h.clock.pass(look)
	if r := h.ask("operator", trusting); r.code != 200 || h.stale() != 1 {
		t.Errorf("%d %s, stale %v", r.code, r.body, h.stale())
	}
	s.others.Issue(t, s.folder, "server")
	h.clock.pass(look)
	if r := h.ask("operator", trusting); !strings.Contains(r.body, "unknown authority") || h.stale() != 0 {
		t.Errorf("the old certificate is still shown: %d %s, stale %v", r.code, r.body, h.stale())
	}
	// Another authority of clients.
	copyFile(t, s.others.File, s.folder, "authority.pem")
	h.clock.pass(look)
	if r := h.ask("operator", shown{tls: s.others.Trust(t, s.cert, s.key)}); r.code != 0 {
		t.Errorf("a certificate of the old authority: %d %s", r.code, r.body)
	}
}

// What is missing may come later, under a name that was not looked at before.
func TestAMissingCertificateIsWaitedFor(t *testing.T) {
	s := secure(t)
	h := open(t, s.folder, s.web(t, given))
	authtest.Write(t, s.folder, "web.yml", "tls_server_config: {cert_file: next.crt, key_file: next.key}\n")
	trusting := shown{tls: s.others.Trust(t, "", "")}
	h.clock.pass(look)
	if r := h.ask("open", trusting); r.code != 0 || h.stale() != 1 {
		t.Errorf("%d %s, stale %v", r.code, r.body, h.stale())
	}
	s.others.Issue(t, s.folder, "next")
	h.clock.pass(look)
	if r := h.ask("open", trusting); r.code != 200 || h.stale() != 0 {
		t.Errorf("%d %s, stale %v", r.code, r.body, h.stale())
	}
}

// A port that speaks TLS goes on doing so.
func TestTLSIsNotSwitchedOff(t *testing.T) {
	s := secure(t)
	sources := s.web(t, "")
	delete(sources.Roles, "alice")
	delete(sources.Roles, "carol.example")
	h := open(t, s.folder, sources)
	bob := shown{user: "bob", password: "builder", tls: s.authority.Trust(t, "", "")}
	authtest.Write(t, s.folder, "web.yml", fmt.Sprintf("basic_auth_users: {bob: %q}\n", authtest.Hash(t, "changed")))
	h.clock.pass(look)
	if r := h.ask("viewer", bob); r.code != 200 || h.stale() != 1 {
		t.Errorf("%d %s, stale %v", r.code, r.body, h.stale())
	}
	if _, err := h.door.Prepare(sources); err == nil || !strings.Contains(err.Error(), "needs a restart") {
		t.Errorf("error %v", err)
	}
}

func TestTLSProblems(t *testing.T) {
	s := secure(t)
	authtest.Write(t, s.folder, "empty.pem", "")
	for more, want := range map[string]string{
		"client_ca_file: empty.pem, client_auth_type: VerifyClientCertIfGiven": "tls_server_config.client_ca_file: holds no certificate",
		"client_auth_type: VerifyClientCertIfGiven":                            "tls_server_config.client_auth_type: trusts whomever any authority on this machine has certified",
		"client_auth_type: Sometimes":                                          "invalid ClientAuth: Sometimes",
		"client_ca_file: authority.pem":                                        "client CA's have been configured without a Client Auth Policy",
		"client_ca_file: none.pem, client_auth_type: RequireAnyClientCert":     "none.pem: no such file or directory",
	} {
		_, problems := Check(s.web(t, more))
		if len(problems) != 1 || !strings.Contains(problems[0].String(), want) {
			t.Errorf("%s: %v", more, problems)
		}
	}
	if summary, problems := Check(s.web(t, given)); !summary.TLS || !summary.Enabled || len(problems) > 0 {
		t.Errorf("%+v, %v", summary, problems)
	}
}

// Where nobody verifies certificates, a role of one has no effect.
func TestRolesOfCertificatesNeedAnAuthority(t *testing.T) {
	s := secure(t)
	_, problems := Check(s.web(t, ""))
	if len(problems) != 2 || problems[0].Path != "roles.alice" {
		t.Errorf("%v", problems)
	}
}
