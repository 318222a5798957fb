package audit

import (
	"syscall"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/files/faulty"
)

// Who watches sees what is durable, in its order, and nothing else.
func TestWatch(t *testing.T) {
	f := folder(t)
	var seen []Record
	l := Open(Options{Dir: "/data", FS: f, Watch: func(records []Record) { seen = append(seen, records...) }})
	if err := l.Append(records(0, 3)...); err != nil {
		t.Fatal(err)
	}
	f.Inject(faulty.Fault{From: 1, Kinds: []faulty.Kind{faulty.Write, faulty.Create}, Err: syscall.EIO})
	if err := l.Append(record(3)); err == nil {
		t.Fatal("written to a disk that fails")
	}
	same(t, "seen", records(0, 3), seen)
}
