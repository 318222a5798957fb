package gated

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"testing"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/gates"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Services of which a new Engine says what their names say. Of any other it says
// unknown.
const (
	Allowed = "allowed"
	Held    = "held"
	Denied  = "denied"
	Silent  = "silent" // its samples have stopped: unknown
)

// Engine answers the questions of a consumer.
type Engine struct {
	// URL is where it is reached, without a slash at its end.
	URL string
	// CA is the authority of its certificate, as PEM; nil: it speaks plain HTTP.
	CA     []byte
	world  *world
	server *httptest.Server
}

// Start serves an engine over HTTP until the test ends. The policies answer beside
// the default one.
func Start(t testing.TB, policies ...*slo.GatePolicy) *Engine {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(nil), (*httptest.Server).Start, policies)
}

// StartTLS is Start, over HTTPS.
func StartTLS(t testing.TB, policies ...*slo.GatePolicy) *Engine {
	t.Helper()
	e := start(t, httptest.NewUnstartedServer(nil), (*httptest.Server).StartTLS, policies)
	e.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.server.Certificate().Raw})
	return e
}

func start(t testing.TB, server *httptest.Server, serve func(*httptest.Server), policies []*slo.GatePolicy) *Engine {
	t.Helper()
	w := newWorld()
	keeper := gates.New(gates.Options{Snapshot: w.snapshot})
	keeper.Load(policies)
	server.Config.Handler = api.New(api.Options{Snapshot: w.snapshot, Gates: keeper})
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // tests hang up on purpose
	// A consumer keeps no connection, and so no goroutine, between two questions.
	server.Config.SetKeepAlivesEnabled(false)
	serve(server)
	t.Cleanup(server.Close)
	return &Engine{URL: server.URL, world: w, server: server}
}

// Say makes the gate of a service say a decision from now on.
func (e *Engine) Say(service string, d slo.GateDecision) { e.world.say(service, d) }

// Leave makes the engine go away: nobody listens at its URL any more.
func (e *Engine) Leave() { e.server.Close() }
