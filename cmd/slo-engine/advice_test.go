package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

func TestAdvice(t *testing.T) {
	for _, test := range []struct {
		name    string
		err     error
		advised bool
	}{
		{"port taken", fmt.Errorf("listen for HTTP: %w", syscall.EADDRINUSE), true},
		{"folder closed", fmt.Errorf("lock: %w", &fs.PathError{Op: "open", Path: "data", Err: syscall.EACCES}), true},
		{"port closed", fmt.Errorf("listen for HTTP: %w", syscall.EACCES), false},
		{"file missing", &fs.PathError{Op: "open", Path: "x.yaml", Err: syscall.ENOENT}, false},
		{"other", errors.New("something"), false},
	} {
		if got := advice(test.err); (got != "") != test.advised {
			t.Errorf("%s: advice %q", test.name, got)
		}
	}
}
