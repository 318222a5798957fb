package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"
)

const (
	readyWithin = 60 * time.Second // from start to ready
	askWithin   = 2 * time.Second  // for one answer of Cmd.Ready
	stopWithin  = 20 * time.Second // from SIGTERM to the end, then SIGKILL
	pollEvery   = 20 * time.Millisecond
)

// Cmd is a process to start.
type Cmd struct {
	Name string   // executable: a path, or a name found in PATH
	Args []string // without the name
	Dir  string   // working folder; empty: the test's
	Env  []string // added to the test's own environment
	// Ready says whether the process can be used; an error means not yet, and
	// is asked again until it is nil or 60 s have passed. Nil: ready at once.
	Ready func(ctx context.Context) error
}

// Process is a started one. Its methods may be called from any goroutine.
type Process struct {
	pid    int
	signal func(os.Signal) error
	out    output
	life   context.Context // done when the process has ended
	err    error           // set before life is done
}

// Start starts a process, waits until it is ready, and ends it when the test
// ends. If the test has failed by then, the process's output is logged.
func Start(tb testing.TB, cmd Cmd) *Process {
	tb.Helper()
	p, err := start(tb.Context(), cmd)
	if err != nil {
		tb.Fatal(err)
	}
	p.endWith(tb)
	return p
}

// endWith ties the process to the test's end.
func (p *Process) endWith(tb testing.TB) {
	tb.Cleanup(func() {
		p.Stop()
		if tb.Failed() {
			tb.Logf("output of process %d:\n%s", p.pid, p.Output())
		}
	})
}

// start returns a process that is ready, or an error and no process.
func start(ctx context.Context, cmd Cmd) (*Process, error) {
	p, err := launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Name, err)
	}
	if cmd.Ready == nil {
		return p, nil
	}
	if err := p.waitReady(ctx, cmd.Ready); err != nil {
		p.Stop()
		return nil, fmt.Errorf("start %s: %w; its output:\n%s", cmd.Name, err, p.Output())
	}
	return p, nil
}

// launch starts the process and the goroutine that waits for its end. Both
// happen on one locked thread, because the kernel ties the child to the
// thread that started it.
func launch(cmd Cmd) (*Process, error) {
	life, ended := context.WithCancel(context.Background())
	p := &Process{life: life}
	started := make(chan error)
	go func() {
		defer ended()
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		c := cmd.command(&p.out)
		if err := c.Start(); err != nil {
			started <- err
			return
		}
		p.pid, p.signal = c.Process.Pid, c.Process.Signal
		started <- nil
		p.err = c.Wait()
	}()
	return p, <-started
}

func (cmd Cmd) command(out io.Writer) *exec.Cmd {
	c := exec.Command(cmd.Name, cmd.Args...)
	c.Dir, c.Env = cmd.Dir, append(os.Environ(), cmd.Env...)
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = dieWithUs()
	c.WaitDelay = time.Second // a grandchild may hold the output open
	return c
}

// waitReady polls until ready says yes, the process ends, or time is up.
func (p *Process) waitReady(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	for {
		err := ask(ctx, ready)
		if p.life.Err() != nil {
			return fmt.Errorf("it ended before it was ready: %w", p.exit())
		}
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("not ready: %w", err)
		}
		pause(ctx, pollEvery)
	}
}

// pause waits for d or the context's end.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ask asks once. Who does not answer soon is not ready, and another process
// on a lost port may never answer.
func ask(ctx context.Context, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	return ready(ctx)
}

// PID is the process's id.
func (p *Process) PID() int { return p.pid }

// Output is what the process has written to standard output and error.
func (p *Process) Output() string { return p.out.String() }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.life.Done() }

// Wait waits for the end and returns what exec.Cmd.Wait returned: nil for
// exit code 0, *exec.ExitError for another code or a signal.
func (p *Process) Wait() error {
	<-p.life.Done()
	return p.err
}

// exit is the reason of an end, never nil.
func (p *Process) exit() error {
	if err := p.Wait(); err != nil {
		return err
	}
	return errors.New("exit status 0")
}

// Stop asks the process to end (SIGTERM), insists after 20 s (SIGKILL), and
// returns when it has ended. An ended process is left alone.
func (p *Process) Stop() {
	p.send(syscall.SIGTERM)
	select {
	case <-p.life.Done():
	case <-time.After(stopWithin):
		p.Kill()
	}
}

// Kill ends the process without a chance to tidy up, as kill -9 does, and
// returns when it has ended.
func (p *Process) Kill() {
	p.send(syscall.SIGKILL)
	<-p.life.Done()
}

// Signal sends a signal: SIGHUP to reload, SIGSTOP to hang.
func (p *Process) Signal(s syscall.Signal) { p.send(s) }

// send ignores the one error there is: the process has ended already.
func (p *Process) send(s syscall.Signal) { _ = p.signal(s) }
