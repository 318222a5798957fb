package lab

import (
	"testing"
	"time"
)

// Eventually calls check until it returns nil, and fails the test with its
// last error when that did not happen within the given time.
func Eventually(tb testing.TB, within time.Duration, check func() error) {
	tb.Helper()
	if err := eventually(within, check); err != nil {
		tb.Fatalf("not within %s: %v", within, err)
	}
}

// eventually returns nil or the last error. The check runs at least once.
func eventually(within time.Duration, check func() error) error {
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(pollEvery)
	}
}
