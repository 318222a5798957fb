package app

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// folderLock keeps two engines from writing into one data folder. The lock is
// the process's: it goes with it, however it ends.
type folderLock struct{ file *os.File }

func lockFolder(path string) (*folderLock, error) {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("data folder %s is in use by another slo-engine: %w", path, err)
	}
	return &folderLock{file}, nil
}

// release gives the folder back. A nil lock holds nothing.
func (l *folderLock) release() {
	if l != nil {
		_ = l.file.Close()
	}
}
