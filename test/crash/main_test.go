package crash

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/test/lab"
)

// scale makes the tests longer: 1 is for every day, 100 for `make prove`.
var scale = flag.Int("prove.scale", 1, "how often to crash, in units of a short test")

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
