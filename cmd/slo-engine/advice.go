package main

import (
	"errors"
	"io/fs"
	"syscall"
)

// advice is what to do about an error that comes from the machine, in the
// words of the command line; empty where the error says enough.
func advice(err error) string {
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "; end what listens there, or take another address: --listen, or otlp in slo-engine.yaml"
	case errors.As(err, &path) && errors.Is(err, fs.ErrPermission):
		return "; give this user the right to it, or name another place"
	}
	return ""
}
