package faulty

import (
	"io"
	"io/fs"
)

// file is one that is being written.
type file struct {
	fs     *FS
	name   string
	node   *node
	closed bool
}

// Write appends. A Fault may let a part of p through.
func (w *file) Write(p []byte) (written int, err error) {
	err = w.fs.do(Call{Kind: Write, Name: w.name, Size: len(p)}, func() error {
		if w.closed {
			return fs.ErrClosed
		}
		w.node.data = append(w.node.data, p...)
		written = len(p)
		return nil
	}, func(part float64) {
		written = int(part * float64(len(p)))
		w.node.data = append(w.node.data, p[:written]...)
	})
	return written, err
}

func (w *file) Sync() error {
	return w.fs.do(Call{Kind: Sync, Name: w.name}, func() error {
		if w.closed {
			return fs.ErrClosed
		}
		w.node.synced = len(w.node.data)
		return nil
	}, func(float64) {
		// To die while waiting for a sync is not to see it fail.
		if n := w.node; n.synced < len(n.data) && !w.fs.dead {
			n.doubts = append(n.doubts, span{n.synced, len(n.data)})
		}
	})
}

func (w *file) Close() error {
	return w.fs.do(Call{Kind: Close, Name: w.name}, func() error {
		if w.closed {
			return fs.ErrClosed
		}
		w.closed = true
		return nil
	})
}

// reader is one that is being read.
type reader struct {
	fs   *FS
	name string
	node *node
	at   int
}

func (r *reader) Read(p []byte) (n int, err error) {
	err = r.fs.do(Call{Kind: Read, Name: r.name}, func() error {
		n = copy(p, r.node.data[min(r.at, len(r.node.data)):])
		r.at += n
		return nil
	})
	if err == nil && n == 0 && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

func (r *reader) Close() error { return nil }
