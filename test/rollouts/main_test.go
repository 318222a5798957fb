package rollouts

import (
	"io"
	"os"
	"testing"

	"github.com/sirupsen/logrus"
)

// The controller tells of each measurement.
func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard)
	os.Exit(m.Run())
}
