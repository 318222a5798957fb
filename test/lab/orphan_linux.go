package lab

import "syscall"

// dieWithUs makes the kernel end the child when the thread that started it
// ends: a test binary that times out or is killed leaves no server behind.
func dieWithUs() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
