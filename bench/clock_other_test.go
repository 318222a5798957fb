//go:build !linux

package bench

import (
	"errors"
	"time"
)

const threadClock = 0

var errLinux = errors.New("it needs Linux")

func clockOf(int) (time.Duration, error)   { return 0, errLinux }
func clock(uintptr) (time.Duration, error) { return 0, errLinux }
