package overload

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/test/lab"
)

// scale makes the tests larger: 1 is for every day, 10 for `make prove`.
var scale = flag.Int("prove.scale", 1, "how much to send, in units of a short test")

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		lab.RemoveEngine()
		os.Exit(code)
	}))
}
