package demo

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// program is one that runs beside the demo.
type program struct {
	cmd  *exec.Cmd
	out  tail
	done chan struct{} // closed when it has ended
}

// run starts a program with files as its descriptors from 3 on. Its stop must be
// called.
func run(files []*os.File, name string, args ...string) (*program, error) {
	p := &program{cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.ExtraFiles, p.cmd.Stdout, p.cmd.Stderr = files, &p.out, &p.out
	p.cmd.WaitDelay = closeTimeout
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		p.cmd.Wait() // how it ended, its output says
	}()
	return p, nil
}

// over reports whether it has ended.
func (p *program) over() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// said is the end of what it printed.
func (p *program) said() string { return strings.TrimSpace(p.out.String()) }

// stop asks it to end, and waits for it. It may be called twice, and of nil.
func (p *program) stop() {
	if p == nil {
		return
	}
	p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.done:
	case <-time.After(closeTimeout):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// maxTail bounds what is kept, in bytes.
const maxTail = 4 << 10

// Write never fails.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}
