package files

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestOS(t *testing.T) {
	var fsys FS = OS{}
	dir := filepath.Join(t.TempDir(), "a", "b")
	name, other := filepath.Join(dir, "one"), filepath.Join(dir, "two")
	if err := errors.Join(fsys.MkdirAll(dir), fsys.MkdirAll(filepath.Join(dir, "folder"))); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, "hello, disk")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := fsys.Create(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("create again: %v", err)
	}
	if err := errors.Join(fsys.Truncate(name, 5), fsys.Rename(name, other), fsys.SyncDir(dir)); err != nil {
		t.Fatal(err)
	}
	list, err := fsys.ReadDir(dir)
	if err != nil || !slices.Equal(list, []Entry{{"two", 5}}) {
		t.Errorf("list: %v %v", list, err)
	}
	r, err := fsys.Open(other)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(r); string(b) != "hello" || err != nil {
		t.Errorf("read %q, %v", b, err)
	}
	if err := errors.Join(r.Close(), fsys.Remove(other)); err != nil {
		t.Error(err)
	}
}

func TestOSErrors(t *testing.T) {
	var fsys FS = OS{}
	nowhere := filepath.Join(t.TempDir(), "no", "such")
	f, err := fsys.Create(nowhere)
	if f != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("create: %v %v", f, err)
	}
	r, err := fsys.Open(nowhere)
	if r != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open: %v %v", r, err)
	}
	_, err = fsys.ReadDir(nowhere)
	for _, err := range []error{err, fsys.Truncate(nowhere, 0), fsys.SyncDir(nowhere), fsys.Remove(nowhere), fsys.Rename(nowhere, nowhere)} {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error: %v", err)
		}
	}
}

// Budgets are nobody else's business, whatever the umask says.
func TestModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if err := (OS{}).MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "file")
	f, err := OS{}.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for path, want := range map[string]fs.FileMode{dir: 0o700, name: 0o600} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm()&^want != 0 {
			t.Errorf("%s has mode %v: %v", path, info.Mode(), err)
		}
	}
}
