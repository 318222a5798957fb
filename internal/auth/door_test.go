package auth

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

// everything is the roles of an admin.
var everything = roleNames

func TestWhoMayDoWhat(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, files(t, folder, ""))
	for name, test := range map[string]struct {
		shown   shown
		roles   []string
		refused int
		who     string // on the page for everyone
	}{
		"nobody":            {shown{}, nil, 401, "anonymous"},
		"user viewer":       {shown{user: "the-viewer", password: "viewer-secret"}, []string{"viewer"}, 403, "the-viewer"},
		"user ingest":       {shown{user: "the-ingest", password: "ingest-secret"}, []string{"ingest"}, 403, "the-ingest"},
		"user operator":     {shown{user: "the-operator", password: "operator-secret"}, []string{"viewer", "operator"}, 403, "the-operator"},
		"user admin":        {shown{user: "the-admin", password: "admin-secret"}, everything, 0, "the-admin"},
		"user without role": {shown{user: "idle", password: "idle-secret"}, nil, 403, "idle"},
		"wrong password":    {shown{user: "the-admin", password: "viewer-secret"}, nil, 401, ""},
		"no password":       {shown{user: "the-admin"}, nil, 401, ""},
		"unknown user":      {shown{user: "mallory", password: "admin-secret"}, nil, 401, ""},
		"token alert":       {shown{bearer: "alert-token"}, []string{"alert"}, 403, "alert-bot"},
		"token admin":       {shown{bearer: "admin-token"}, everything, 0, "admin-bot"},
		"unknown token":     {shown{bearer: "admin-token2"}, nil, 401, ""},
		"empty token":       {shown{headers: []string{"Bearer "}}, nil, 401, ""},
		"lower case":        {shown{headers: []string{"bearer admin-token"}}, everything, 0, "admin-bot"},
		"another scheme":    {shown{headers: []string{"Negotiate abc"}}, nil, 401, ""},
		"no base64":         {shown{headers: []string{"Basic %%%"}}, nil, 401, ""},
		"two headers":       {shown{headers: []string{"Bearer admin-token", "Bearer viewer-token"}}, nil, 401, ""},
		"hash of a token":   {shown{bearer: strings.Split(authtest.Token("a", "admin", "admin-token"), `"`)[1]}, nil, 401, ""},
	} {
		t.Run(name, func(t *testing.T) {
			roles, refused := h.may(test.shown)
			who := h.ask("open", test.shown)
			got := []any{roles, refused, who.code, who.body}
			if diff := cmp.Diff([]any{test.roles, test.refused, 200, test.who}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, files(t, folder, ""))
	for page, test := range map[string]struct {
		shown  shown
		code   int
		kind   string
		detail string
	}{
		"viewer":   {shown{}, 401, "unauthorized", "this needs the role viewer: log in"},
		"operator": {shown{user: "idle", password: "idle-secret"}, 403, "forbidden", `this needs the role operator, which "idle" has not: auth.roles in slo-engine.yaml gives it`},
		"ingest":   {shown{bearer: "viewer-token"}, 403, "forbidden", `this needs the role ingest, which the token "viewer-bot" has not: its roles stand in the tokens_file`},
		"admin":    {shown{bearer: "old"}, 401, "unauthorized", "this bearer token is not known here: it may have been replaced, or belong to another engine"},
	} {
		r := h.ask(page, test.shown)
		var got apitypes.Problem
		if err := json.Unmarshal([]byte(r.body), &got); err != nil {
			t.Fatalf("%s: %v in %s", page, err, r.body)
		}
		want := apitypes.Problem{Type: "urn:slo-engine:problem:" + test.kind, Title: http.StatusText(test.code), Status: test.code, Detail: test.detail}
		if diff := cmp.Diff(want, got); diff != "" || r.code != test.code || r.header.Get("Content-Type") != apitypes.ProblemType {
			t.Errorf("%s: %d %v %s", page, r.code, r.header, diff)
		}
		challenges := []string(nil)
		if test.code == 401 {
			challenges = []string{`Basic realm="slo-engine", charset="UTF-8"`, `Bearer realm="slo-engine"`}
		}
		if diff := cmp.Diff(challenges, r.header.Values("WWW-Authenticate")); diff != "" {
			t.Errorf("%s: %s", page, diff)
		}
	}
}

func TestWithoutAuthEveryoneIsLocal(t *testing.T) {
	h := open(t, t.TempDir(), Sources{})
	for _, s := range []shown{{}, {user: "a", password: "b"}, {bearer: "c"}} {
		if roles, refused := h.may(s); refused != 0 || h.ask("admin", s).body != "local" {
			t.Errorf("%+v: %v, %d", s, roles, refused)
		}
	}
}

// Whoever opens the ports to everyone gives away nothing else.
func TestEveryoneHasJustTheirRoles(t *testing.T) {
	ports := open(t, t.TempDir(), Sources{Everyone: Roles{Viewer, Ingest}})
	if roles, refused := ports.may(shown{}); !cmp.Equal(roles, []string{"viewer", "ingest"}) || refused != 403 {
		t.Errorf("everyone has %v, others are answered %d", roles, refused)
	}
	if r := ports.ask("operator", shown{}); !strings.Contains(r.body, "nobody can log in here") {
		t.Errorf("%d %s", r.code, r.body)
	}

	folder := t.TempDir()
	s := files(t, folder, "")
	s.Everyone = Roles{Ingest}
	h := open(t, folder, s)
	for _, test := range []struct {
		shown   shown
		roles   []string
		refused int
	}{
		{shown{}, []string{"ingest"}, 401},
		{shown{bearer: "operator-token"}, []string{"viewer", "ingest", "operator"}, 403},
		{shown{user: "idle", password: "idle-secret"}, []string{"ingest"}, 403},
		{shown{bearer: "wrong"}, nil, 401}, // and not let in as nobody
	} {
		if roles, refused := h.may(test.shown); !cmp.Equal(roles, test.roles) || refused != test.refused {
			t.Errorf("%+v has %v, others are answered %d", test.shown, roles, refused)
		}
	}
}

// A web configuration that lets nobody log in makes nobody Local.
func TestTLSAloneIsNoAdmin(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, Sources{WebConfigFile: authtest.Write(t, folder, "web.yml", "")})
	if roles, refused := h.may(shown{}); roles != nil || refused != 403 {
		t.Errorf("everyone has %v, others are answered %d", roles, refused)
	}
}

func TestFailuresAreCountedAndToldRarely(t *testing.T) {
	folder := t.TempDir()
	h := open(t, folder, files(t, folder, ""))
	for range 3 {
		h.ask("viewer", shown{user: "hunter2", password: "viewer-secret"})
	}
	h.ask("viewer", shown{bearer: "hunter3"})
	h.ask("viewer", shown{headers: []string{"hunter4"}})
	h.ask("viewer", shown{})
	h.ask("operator", shown{user: "the-viewer", password: "viewer-secret"})
	want := `
# HELP slo_engine_auth_failures_total Requests that were refused, by reason: password, token, header, none (no credentials), role, busy, rate_limit.
# TYPE slo_engine_auth_failures_total counter
slo_engine_auth_failures_total{reason="busy"} 0
slo_engine_auth_failures_total{reason="header"} 1
slo_engine_auth_failures_total{reason="none"} 1
slo_engine_auth_failures_total{reason="password"} 3
slo_engine_auth_failures_total{reason="rate_limit"} 0
slo_engine_auth_failures_total{reason="role"} 1
slo_engine_auth_failures_total{reason="token"} 1
`
	if err := testutil.GatherAndCompare(h.metrics, strings.NewReader(want), "slo_engine_auth_failures_total"); err != nil {
		t.Error(err)
	}
	if log := h.log.String(); strings.Count(log, "\n") != 1 || strings.Contains(log, "hunter") {
		t.Errorf("log:\n%s", log)
	}
	h.clock.pass(rarely)
	h.ask("operator", shown{bearer: "viewer-token"})
	lines := strings.Split(strings.TrimSpace(h.log.String()), "\n")
	if last := lines[len(lines)-1]; len(lines) != 2 || !strings.Contains(last, "reason=role who=viewer-bot") || !strings.Contains(last, "more_since_last=5") {
		t.Errorf("log:\n%s", h.log)
	}
}

func TestRequireWithoutADoor(t *testing.T) {
	page := Require(Viewer, http.NotFoundHandler())
	for name, test := range map[string]struct {
		as   Identity
		code int
	}{"nobody": {Identity{}, 403}, "local": {Local, 404}, "viewer": {Identity{"v", Roles{Viewer}}, 404}} {
		w := &recorded{header: http.Header{}}
		request, _ := http.NewRequestWithContext(With(t.Context(), test.as), http.MethodGet, "http://a/", nil)
		page.ServeHTTP(w, request)
		if w.code != test.code {
			t.Errorf("%s: %d", name, w.code)
		}
	}
}

type recorded struct {
	header http.Header
	code   int
}

func (r *recorded) Header() http.Header         { return r.header }
func (r *recorded) WriteHeader(code int)        { r.code = code }
func (r *recorded) Write(p []byte) (int, error) { return len(p), nil }

func TestRateLimitAndHeaders(t *testing.T) {
	folder := t.TempDir()
	limits := "http_server_config: {headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=60}}\nrate_limit: {interval: 1h, burst: 2}\n"
	h := open(t, folder, files(t, folder, limits))
	admin := shown{bearer: "admin-token"}
	var codes []int
	for range 3 {
		codes = append(codes, h.ask("admin", admin).code)
	}
	if r := h.ask("viewer", shown{}); !cmp.Equal(codes, []int{200, 200, 429}) || r.header.Get("Retry-After") == "" {
		t.Errorf("codes %v, then %d %v", codes, r.code, r.header)
	}
	files(t, folder, limits) // with other hashes: the limit goes on
	h.clock.pass(look)
	if r := h.ask("admin", admin); r.code != 429 {
		t.Errorf("reading the file again lifts the limit: %d", r.code)
	}
	files(t, folder, strings.Replace(limits, "1h", "1ms", 1))
	h.clock.pass(look)
	if r := h.ask("admin", admin); r.code != 200 || r.header.Get("X-Frame-Options") != "deny" || r.header.Get("Strict-Transport-Security") != "max-age=60" {
		t.Errorf("%d %v", r.code, r.header)
	}
}
