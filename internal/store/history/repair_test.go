package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// filled is a history with one block, and ten minutes in its head.
func filled(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := opened(t, dir, Options{})
	start := noon.Add(-6 * time.Hour)
	for at := start; !at.After(noon.Add(9 * time.Minute)); at = at.Add(time.Minute) {
		appended(t, s, at, "up 1\n")
	}
	if err := s.db.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(s.db.Blocks()) == 0 {
		t.Fatal("no block was made")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func blocksIn(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "01*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("blocks in %s: %v %v", dir, found, err)
	}
	return found
}

func overwrite(t *testing.T, file string, text []byte) {
	t.Helper()
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// damages are things that happened to a folder, and how many of the 370
// samples are left at least.
var damages = []struct {
	name  string
	spoil func(*testing.T, string)
	left  int
	aside bool
}{
	{"the index of a block is garbage", func(t *testing.T, dir string) {
		overwrite(t, filepath.Join(blocksIn(t, dir)[0], "index"), []byte("garbage"))
	}, 200, true},
	{"a block has no chunks", func(t *testing.T, dir string) {
		if err := os.RemoveAll(filepath.Join(blocksIn(t, dir)[0], "chunks")); err != nil {
			t.Fatal(err)
		}
	}, 200, true},
	{"the description of a block is garbage", func(t *testing.T, dir string) {
		overwrite(t, filepath.Join(blocksIn(t, dir)[0], "meta.json"), []byte("{"))
	}, 200, false},
	{"the log ends in garbage", func(t *testing.T, dir string) {
		segment := lastSegment(t, dir)
		text, err := os.ReadFile(segment)
		if err != nil {
			t.Fatal(err)
		}
		copy(text[len(text)/2:], strings.Repeat("\xa7", 64))
		overwrite(t, segment, text)
	}, 200, false},
	{"the log is cut off", func(t *testing.T, dir string) {
		segment := lastSegment(t, dir)
		if err := os.Truncate(segment, 50); err != nil {
			t.Fatal(err)
		}
	}, 200, false},
	{"the log misses a segment number", func(t *testing.T, dir string) {
		segment := lastSegment(t, dir)
		if err := os.Rename(segment, filepath.Join(dir, "wal", "00000099")); err != nil {
			t.Fatal(err)
		}
		overwrite(t, filepath.Join(dir, "wal", "00000042"), nil)
	}, 200, true},
	{"the chunks of the head are garbage", func(t *testing.T, dir string) {
		overwrite(t, filepath.Join(dir, "chunks_head", "000001"), []byte("garbage"))
	}, 370, true},
}

func lastSegment(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "wal", "000*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("segments: %v %v", found, err)
	}
	return found[len(found)-1]
}

func TestADamagedHistoryOpensAndGoesOn(t *testing.T) {
	whole := filled(t)
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			dir := copied(t, whole)
			d.spoil(t, dir)
			log, said := logged()
			s := opened(t, dir, Options{Logger: log})
			left := len(samples(t, s, "up")[`{__name__="up"}`]) / 2
			if left < d.left || left > 370 {
				t.Errorf("%d samples of 370 are left, want %d at least", left, d.left)
			}
			t.Logf("%d samples left", left)
			if got := strings.Contains(said.String(), "was set aside"); got != d.aside {
				t.Errorf("set aside: %v, want %v; log:\n%s", got, d.aside, said)
			}
			appended(t, s, noon.Add(time.Hour), "up 2\n")
			if got := samples(t, s, "up")[`{__name__="up"}`]; len(got) != 2*left+2 {
				t.Errorf("after a further append: %d samples, want %d", len(got)/2, left+1)
			}
		})
	}
}

func TestWhatIsNoDamageIsLeftAlone(t *testing.T) {
	dir := filled(t)
	s := opened(t, dir, Options{})
	before := samples(t, s, "up")
	if _, err := Open(dir, Options{}); err == nil {
		t.Fatal("a history in use was opened twice")
	}
	if _, err := os.Stat(filepath.Join(dir, damaged)); err == nil {
		t.Error("a part of a history in use was set aside")
	}
	if diff := cmp.Diff(before, samples(t, s, "up")); diff != "" {
		t.Errorf("samples differ (-want +got):\n%s", diff)
	}
	file := filepath.Join(t.TempDir(), "file")
	overwrite(t, file, nil)
	if _, err := Open(file, Options{}); err == nil {
		t.Error("a file was opened as a folder")
	}
}

// What a kill leaves is what was written, at any moment, also within an append.
func TestAKilledHistoryHasEveryAppend(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir, Options{})
	for i := range 30 {
		appended(t, s, noon.Add(time.Duration(i)*time.Minute), "up 1\n")
		again := opened(t, copied(t, dir), Options{})
		if got := len(samples(t, again, "up")[`{__name__="up"}`]) / 2; got != i+1 {
			t.Fatalf("after append %d a copy has %d samples", i+1, got)
		}
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
