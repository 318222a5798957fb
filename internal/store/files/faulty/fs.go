package faulty

import (
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/slo-engine/slo-engine/internal/store/files"
)

// FS is a file system in memory. Make one with New. Its methods may be called
// concurrently; the hooks are set before it is used.
type FS struct {
	// Before, unless nil, is called ahead of each call, with no lock held: it
	// may wait, as a disk that does not answer does.
	Before func(Call)
	// After, unless nil, is called when a call is over, with its Err.
	After func(Call)

	mu sync.Mutex
	// names is what the process sees, by path.
	names map[string]*node
	// durable is what names were at each folder's last SyncDir; pending are
	// the changes since, of all folders, in their order.
	durable map[string]*node
	pending []change
	dirs    map[string]bool
	calls   []Call
	faults  []Fault
	stopAt  int
	part    float64
	dead    bool
}

// node is a file's content, whatever its names are.
type node struct {
	data []byte
	// synced is how many bytes the last successful Sync covered.
	synced int
	// doubts are what a failed Sync did not cover, and no later one can.
	doubts []span
}

type span struct{ from, to int }

// change is one change of names: node got the name to, or lost the name from,
// or both.
type change struct {
	from, to string
	node     *node
}

// New is an empty file system.
func New() *FS {
	return &FS{names: map[string]*node{}, durable: map[string]*node{}, dirs: map[string]bool{}}
}

// Create implements files.FS.
func (f *FS) Create(name string) (files.File, error) {
	n := &node{}
	err := f.do(Call{Kind: Create, Name: name}, func() error {
		if f.names[name] != nil {
			return fs.ErrExist
		}
		if !f.dirs[filepath.Dir(name)] {
			return fs.ErrNotExist
		}
		f.rename(change{to: name, node: n})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &file{f, name, n, false}, nil
}

// rename applies a change of names, and remembers it until its folder is synced.
func (f *FS) rename(c change) {
	c.apply(f.names)
	f.pending = append(f.pending, c)
}

func (c change) apply(names map[string]*node) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.node
	}
}

// in reports whether the change is one of a folder. Files are not moved
// between folders here.
func (c change) in(dir string) bool {
	name := c.to
	if name == "" {
		name = c.from
	}
	return filepath.Dir(name) == dir
}

// Open implements files.FS.
func (f *FS) Open(name string) (io.ReadCloser, error) {
	var n *node
	err := f.do(Call{Kind: Open, Name: name}, func() error {
		n = f.names[name]
		return exists(n)
	})
	if err != nil {
		return nil, err
	}
	return &reader{fs: f, name: name, node: n}, nil
}

func exists(n *node) error {
	if n == nil {
		return fs.ErrNotExist
	}
	return nil
}

// Rename implements files.FS.
func (f *FS) Rename(from, to string) error {
	return f.do(Call{Kind: Rename, Name: from}, func() error {
		n := f.names[from]
		if n != nil {
			f.rename(change{from, to, n})
		}
		return exists(n)
	})
}

// Remove implements files.FS.
func (f *FS) Remove(name string) error {
	return f.do(Call{Kind: Remove, Name: name}, func() error {
		n := f.names[name]
		if n != nil {
			f.rename(change{from: name})
		}
		return exists(n)
	})
}

// Truncate implements files.FS.
func (f *FS) Truncate(name string, size int64) error {
	return f.do(Call{Kind: Truncate, Name: name}, func() error {
		n := f.names[name]
		if n == nil {
			return fs.ErrNotExist
		}
		if size > int64(len(n.data)) {
			return fs.ErrInvalid
		}
		n.data = n.data[:size:size]
		n.synced = int(size)
		n.doubts = slices.DeleteFunc(n.doubts, func(s span) bool { return s.from >= int(size) })
		return nil
	})
}

// ReadDir implements files.FS.
func (f *FS) ReadDir(dir string) (entries []files.Entry, err error) {
	err = f.do(Call{Kind: ReadDir, Name: dir}, func() error {
		if !f.dirs[dir] {
			return fs.ErrNotExist
		}
		for name, n := range f.names {
			if filepath.Dir(name) == dir {
				entries = append(entries, files.Entry{Name: filepath.Base(name), Size: int64(len(n.data))})
			}
		}
		return nil
	})
	slices.SortFunc(entries, func(a, b files.Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, err
}

// MkdirAll implements files.FS.
func (f *FS) MkdirAll(dir string) error {
	return f.do(Call{Kind: Mkdir, Name: dir}, func() error {
		for ; !f.dirs[dir]; dir = filepath.Dir(dir) {
			f.dirs[dir] = true
		}
		return nil
	})
}

// SyncDir implements files.FS.
func (f *FS) SyncDir(dir string) error {
	return f.do(Call{Kind: SyncDir, Name: dir}, func() error {
		f.pending = slices.DeleteFunc(f.pending, func(c change) bool {
			if c.in(dir) {
				c.apply(f.durable)
				return true
			}
			return false
		})
		return nil
	})
}
