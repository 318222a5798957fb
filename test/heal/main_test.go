package heal

import (
	"flag"
	"net/http"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/test/lab"
)

// scale makes the tests longer: 1 is for every day, 34 makes a hundred faults.
var scale = flag.Int("prove.scale", 1, "how often to break the shop, in units of a short test")

// proving says that figures are held against what must be reached: a busy
// machine that runs all tests is no measure.
func proving() bool { return *scale > 1 }

// client is how all tests talk to their engines.
var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(hangUp{m}, goleak.Cleanup(func(code int) {
		lab.RemoveEngine()
		os.Exit(code)
	}))
}

// hangUp closes the connections that idle when the tests are done.
type hangUp struct{ *testing.M }

// Run runs the tests.
func (m hangUp) Run() int {
	defer client.CloseIdleConnections()
	return m.M.Run()
}
