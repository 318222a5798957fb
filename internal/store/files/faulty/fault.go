package faulty

import (
	"errors"
	"io/fs"
	"slices"
)

// Kind is what a call does.
type Kind string

// The kinds of calls.
const (
	Create   Kind = "create"
	Write    Kind = "write"
	Sync     Kind = "sync"
	Close    Kind = "close"
	Open     Kind = "open"
	Read     Kind = "read"
	Rename   Kind = "rename"
	Remove   Kind = "remove"
	Truncate Kind = "truncate"
	ReadDir  Kind = "readdir"
	Mkdir    Kind = "mkdir"
	SyncDir  Kind = "syncdir"
)

// ErrDead is what a file system answers whose process or machine is gone.
var ErrDead = errors.New("the process is gone")

// Call is one call, as the hooks see it.
type Call struct {
	// N counts the calls of a file system from 1 on.
	N    int
	Kind Kind
	Name string
	// Size is how many bytes a write is about.
	Size int
	// Err is what the call answered; always nil before it.
	Err error
}

// Fault says which calls fail, and how. The zero Fault fails the next call.
type Fault struct {
	// From is the number of the first call that may fail.
	From int
	// Kinds are the kinds of calls that may; none means all.
	Kinds []Kind
	// Lasting: all such calls fail until Heal, not only the first.
	Lasting bool
	// Err is wrapped in what the call answers; nil means fs.ErrInvalid.
	Err error
	// Part is how much of it is done nevertheless. A write lets such a part
	// of its bytes through; any other call does all or, below 1, nothing.
	Part float64
}

// Inject adds a fault.
func (f *FS) Inject(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, fault)
}

// Heal removes all faults.
func (f *FS) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// StopAt makes the process end in call n: that call is done in part, as with
// Fault.Part, and from then on every call answers ErrDead and does nothing.
// Kill or Crash tell what is left.
func (f *FS) StopAt(n int, part float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopAt, f.part = n, part
}

// Dead reports whether the process has ended.
func (f *FS) Dead() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}

// Calls are all calls so far, in their order.
func (f *FS) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// do makes a call: effect does it, and partly, if there is one, does what a
// failing call may do of it.
func (f *FS) do(c Call, effect func() error, partly ...func(part float64)) error {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	c.N = len(f.calls)
	f.calls[c.N-1].N = c.N
	f.mu.Unlock()
	if f.Before != nil {
		f.Before(c)
	}
	c.Err = f.done(c, effect, partly)
	if f.After != nil {
		f.After(c)
	}
	return c.Err
}

func (f *FS) done(c Call, effect func() error, partly []func(float64)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	part, err := f.verdict(c)
	switch {
	case err == nil:
		err = effect()
	case part >= 1:
		_ = effect() // and fail all the same
	case part >= 0:
		for _, p := range partly {
			p(part)
		}
	}
	if err != nil {
		err = &fs.PathError{Op: string(c.Kind), Path: c.Name, Err: err}
		f.calls[c.N-1].Err = err
	}
	return err
}

// verdict is the error that a call is to fail with, if any, and how much of it
// is done nevertheless; less than nothing if the process is gone.
func (f *FS) verdict(c Call) (part float64, err error) {
	if f.dead {
		return -1, ErrDead
	}
	if f.stopAt > 0 && c.N >= f.stopAt {
		f.dead = true
		return f.part, ErrDead
	}
	for i, fault := range f.faults {
		if c.N < fault.From || len(fault.Kinds) > 0 && !slices.Contains(fault.Kinds, c.Kind) {
			continue
		}
		if !fault.Lasting {
			f.faults = slices.Delete(f.faults, i, i+1)
		}
		if fault.Err == nil {
			fault.Err = fs.ErrInvalid
		}
		return fault.Part, fault.Err
	}
	return 0, nil
}
