package history

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// When the TSDB cannot read its chunks it leaves the log's goroutine behind.
// Of a Store that nobody closed others would be left as well.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killedIn); dir != "" {
		appendForever(dir)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/prometheus/prometheus/tsdb/wlog.(*WL).run"))
}
