// Package files is the little of a file system that durable logs need, so that
// tests can put one underneath that fails, tears and forgets: see faulty.
//
// What holds for every FS:
//
//   - A file is written once, from its beginning to its end. There is no
//     writing in place.
//   - What was written survives the process. It survives the machine once Sync
//     has returned nil.
//   - A file that was created, renamed or removed is so for good once SyncDir
//     of its folder has returned nil.
//   - A Sync that failed says nothing about what was written before it, and a
//     later Sync that succeeds does not either: the kernel may have dropped
//     what it could not write. Who sees one fail leaves the file alone.
package files

import "io"

// FS is a file system. Its methods may be called concurrently. Names are paths
// as package path/filepath makes them.
type FS interface {
	// Create makes a new file, and fails with fs.ErrExist if there is one.
	Create(name string) (File, error)
	// Open reads a file from its beginning.
	Open(name string) (io.ReadCloser, error)
	// Rename gives a file another name, and replaces what had it.
	Rename(from, to string) error
	Remove(name string) error
	// Truncate cuts a file to a size that is not beyond its end, and syncs it:
	// when it returns nil, exactly these bytes are durable.
	Truncate(name string, size int64) error
	// ReadDir lists a folder by name; folders inside it are left out.
	ReadDir(dir string) ([]Entry, error)
	// MkdirAll makes a folder and those above it, as far as there are none.
	MkdirAll(dir string) error
	SyncDir(dir string) error
}

// File is a file that is being written. One goroutine writes and syncs it.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

// Entry is one file of a folder.
type Entry struct {
	Name string
	// Size is in bytes.
	Size int64
}
