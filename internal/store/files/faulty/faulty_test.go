package faulty

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

var _ files.FS = (*FS)(nil)

// create makes /d/name with a synced and an unsynced part.
func create(t *testing.T, f *FS, name, synced, unsynced string) files.File {
	t.Helper()
	w, err := f.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, e1 := io.WriteString(w, synced)
	e2 := w.Sync()
	_, e3 := io.WriteString(w, unsynced)
	if err := errors.Join(e1, e2, e3); err != nil {
		t.Fatal(err)
	}
	return w
}

func folder(t *testing.T) *FS {
	t.Helper()
	f := New()
	if err := f.MkdirAll("/d"); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestACrashKeepsWhatWasSynced(t *testing.T) {
	outcomes := map[string]int{}
	for seed := range uint64(500) {
		f := folder(t)
		create(t, f, "/d/a", "kept", "perhaps")
		if err := f.SyncDir("/d"); err != nil {
			t.Fatal(err)
		}
		create(t, f, "/d/b", "kept", "")
		if err := f.Rename("/d/b", "/d/c"); err != nil {
			t.Fatal(err)
		}
		got := f.Crash(rand.New(rand.NewPCG(seed, 0)))
		a := got.Content("/d/a")
		if !bytes.HasPrefix(a, []byte("kept")) || len(a) > len("keptperhaps") {
			t.Fatalf("seed %d: a is %q", seed, a)
		}
		outcomes[string(a)]++
		b, c := got.Content("/d/b"), got.Content("/d/c")
		if b != nil && c != nil || b != nil && string(b) != "kept" || c != nil && string(c) != "kept" {
			t.Fatalf("seed %d: b is %q and c is %q", seed, b, c)
		}
		outcomes["b "+string(b)]++
		outcomes["c "+string(c)]++
		if _, err := f.Create("/d/e"); !errors.Is(err, ErrDead) {
			t.Fatalf("after its end: %v", err)
		}
	}
	for _, some := range []string{"kept", "keptperhaps", "keptper", "keptper\x00\x00\x00\x00", "b ", "b kept", "c ", "c kept"} {
		if outcomes[some] == 0 {
			t.Errorf("never seen: %q", some)
		}
	}
}

func TestAKillKeepsWhatWasWritten(t *testing.T) {
	f := folder(t)
	create(t, f, "/d/a", "one", "two")
	f = f.Kill()
	if got := f.Content("/d/a"); string(got) != "onetwo" {
		t.Errorf("found %q", got)
	}
	lost := false // the next process has not synced it either
	for seed := range uint64(50) {
		copied := f.Kill()
		f = copied.Kill()
		lost = lost || copied.Crash(rand.New(rand.NewPCG(seed, 0))).Content("/d/a") == nil
	}
	if !lost {
		t.Error("a kill made a name durable")
	}
}

func TestAFailedSyncLeavesDoubt(t *testing.T) {
	doubtful := false
	for seed := range uint64(50) {
		f := folder(t)
		w := create(t, f, "/d/a", "one", "two")
		f.Inject(Fault{Kinds: []Kind{Sync}, Err: syscall.EIO})
		if err := w.Sync(); !errors.Is(err, syscall.EIO) {
			t.Fatal(err)
		}
		if err := errors.Join(w.Sync(), f.SyncDir("/d")); err != nil {
			t.Fatal(err)
		}
		got := f.Crash(rand.New(rand.NewPCG(seed, 0))).Content("/d/a")
		if string(got) != "onetwo" && string(got) != "one\x00\x00\x00" {
			t.Fatalf("found %q", got)
		}
		doubtful = doubtful || string(got) != "onetwo"
	}
	if !doubtful {
		t.Error("the second sync was believed each time")
	}
}

func TestFaults(t *testing.T) {
	f := folder(t)
	w := create(t, f, "/d/a", "", "")
	f.Inject(Fault{Kinds: []Kind{Write}, Err: syscall.ENOSPC, Part: 0.5})
	n, err := io.WriteString(w, "1234")
	if n != 2 || !errors.Is(err, syscall.ENOSPC) || string(f.Content("/d/a")) != "12" {
		t.Errorf("short write: %d %v %q", n, err, f.Content("/d/a"))
	}
	f.Inject(Fault{Kinds: []Kind{Rename}, Err: syscall.EIO, Part: 1})
	if err := f.Rename("/d/a", "/d/b"); !errors.Is(err, syscall.EIO) || f.Content("/d/b") == nil {
		t.Errorf("a rename that was done: %v", err)
	}
	f.Inject(Fault{From: len(f.Calls()) + 2, Lasting: true})
	_, first := f.ReadDir("/d")
	_, second := f.ReadDir("/d")
	_, third := f.ReadDir("/d")
	f.Heal()
	_, fourth := f.ReadDir("/d")
	if first != nil || second == nil || third == nil || fourth != nil {
		t.Errorf("from the second call on: %v, %v, %v, %v", first, second, third, fourth)
	}
	calls := f.Calls()
	if last := calls[len(calls)-2]; last.N != len(calls)-1 || last.Kind != ReadDir || last.Err == nil {
		t.Errorf("call: %+v", last)
	}
	f.StopAt(len(calls)+1, 0)
	if err := f.Remove("/d/b"); !errors.Is(err, ErrDead) || !f.Dead() || f.Content("/d/b") == nil {
		t.Errorf("stopped: %v", err)
	}
}

func TestItBehavesLikeOne(t *testing.T) {
	f := folder(t)
	w := create(t, f, "/d/a", "one", "two")
	for what, err := range map[string]error{
		"create again":    second(f.Create("/d/a")),
		"create nowhere":  second(f.Create("/e/a")),
		"open nothing":    second(f.Open("/d/b")),
		"remove nothing":  f.Remove("/d/b"),
		"rename nothing":  f.Rename("/d/b", "/d/c"),
		"list nothing":    second(f.ReadDir("/e")),
		"truncate beyond": f.Truncate("/d/a", 100),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if err := errors.Join(f.Truncate("/d/a", 4), w.Close()); err != nil {
		t.Error(err)
	}
	if _, err := w.Write(nil); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	r, err := f.Open("/d/a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "onet" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if err := f.Remove("/d/a"); err != nil || f.Content("/d/a") != nil {
		t.Errorf("remove: %v", err)
	}
	f.Put("/x/y", []byte("1"))
	list, err := f.ReadDir("/x")
	if err != nil || !slices.Equal(list, []files.Entry{{Name: "y", Size: 1}}) {
		t.Errorf("list: %v %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }
