package auth

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/auth/authtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a server behind a door, with a page for each role, and what is
// written of it.
type house struct {
	t       *testing.T
	folder  string
	door    *Door
	metrics *prometheus.Registry
	clock   *clock
	log     *text
	addr    string
}

// clock is a time that tests set.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// text is a buffer that many write to.
type text struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// open serves behind a door of these sources.
func open(t *testing.T, folder string, s Sources) *house {
	t.Helper()
	h := &house{t: t, folder: folder, metrics: prometheus.NewRegistry(), clock: &clock{now: time.Unix(1_800_000_000, 0)}, log: &text{}}
	door, err := New(s, Options{Registerer: h.metrics, Now: h.clock.Now, Logger: slog.New(slog.NewTextHandler(h.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	h.door = door
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.addr = l.Addr().String()
	server := &http.Server{Handler: h.pages(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	done := make(chan error, 1)
	go func() { done <- server.Serve(door.Listener(l)) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return h
}

// pages say who asks; /open is for everyone.
func (h *house) pages() http.Handler {
	mux := http.NewServeMux()
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, From(r.Context()).Name) })
	for _, role := range roleNames {
		mux.Handle("/"+role, h.door.Handler(Require(Role(role), who)))
	}
	mux.Handle("/open", h.door.Handler(who))
	return mux
}

// shown is what a client shows.
type shown struct {
	user, password, bearer string
	headers                []string // of Authorization, as they are
	tls                    *tls.Config
}

// reply is an answer.
type reply struct {
	code   int
	body   string
	header http.Header
	proto  string
}

// ask makes one request over a connection of its own.
func (h *house) ask(page string, s shown) reply {
	h.t.Helper()
	transport := &http.Transport{TLSClientConfig: s.tls, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, scheme+"://"+h.addr+"/"+page, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if s.user != "" {
		request.SetBasicAuth(s.user, s.password)
	}
	if s.bearer != "" {
		request.Header.Add("Authorization", "Bearer "+s.bearer)
	}
	for _, value := range s.headers {
		request.Header.Add("Authorization", value)
	}
	response, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Do(request)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return reply{response.StatusCode, string(body), response.Header, response.Proto}
}

// may are the roles that somebody has, in the order of roleNames, and the code
// of the pages that they may not see.
func (h *house) may(s shown) (roles []string, refused int) {
	h.t.Helper()
	for _, role := range roleNames {
		switch r := h.ask(role, s); r.code {
		case http.StatusOK:
			roles = append(roles, role)
		default:
			refused = r.code
		}
	}
	return roles, refused
}

// files writes a web configuration and a tokens file with one user and one
// bearer of each role, whose passwords and tokens are NAME-secret.
func files(t *testing.T, folder, more string) Sources {
	t.Helper()
	web, tokens := more+"basic_auth_users:\n", "tokens:\n"
	s := Sources{Roles: map[string]Roles{}}
	for _, role := range roleNames {
		web += fmt.Sprintf("  the-%s: %q\n", role, authtest.Hash(t, role+"-secret"))
		tokens += authtest.Token(role+"-bot", role, role+"-token")
		s.Roles["the-"+role] = Roles{Role(role)}
	}
	web += fmt.Sprintf("  idle: %q\n", authtest.Hash(t, "idle-secret"))
	s.WebConfigFile = authtest.Write(t, folder, "web.yml", web)
	s.TokensFile = authtest.Write(t, folder, "tokens.yml", tokens)
	return s
}
