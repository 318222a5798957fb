//go:build !linux

package lab

import "syscall"

// dieWithUs has no equivalent here: a killed test binary may leave a server.
func dieWithUs() *syscall.SysProcAttr { return nil }
