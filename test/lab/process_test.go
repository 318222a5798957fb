package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shell is a command that runs a script.
func shell(script string) Cmd {
	return Cmd{Name: "sh", Args: []string{"-c", script}}
}

// says is a readiness check: the process has written the word.
func (p *Process) says(word string) error {
	if !strings.Contains(p.Output(), word) {
		return fmt.Errorf("the output has no %q", word)
	}
	return nil
}

func TestStopAsksFirst(t *testing.T) {
	p := Start(t, shell(`trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.05; done`))
	Eventually(t, time.Minute, func() error { return p.says("up") })
	p.Stop()
	if got, want := p.Output(), "up\nbye\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
	var exit *exec.ExitError
	if !errors.As(p.Wait(), &exit) || exit.ExitCode() != 3 {
		t.Errorf("it ended with %v, want exit code 3", p.Wait())
	}
}

func TestKillDoesNotAsk(t *testing.T) {
	p := Start(t, shell(`trap 'echo bye' TERM; echo up; while :; do sleep 0.05; done`))
	Eventually(t, time.Minute, func() error { return p.says("up") })
	p.Kill()
	if got, want := p.Output(), "up\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
	p.Kill() // an ended process is left alone
	p.Stop()
	p.Signal(syscall.SIGHUP)
}

func TestProcessEndsWithItsTest(t *testing.T) {
	var p *Process
	t.Run("that test", func(t *testing.T) { p = Start(t, shell(`exec sleep 600`)) })
	select {
	case <-p.Done():
	default:
		t.Errorf("process %d is still there", p.PID())
		p.Kill()
	}
}

func TestEndBeforeReadyTellsWhy(t *testing.T) {
	cmd := shell(`echo no such option; exit 2`)
	cmd.Ready = func(context.Context) error { return errors.New("still starting") }
	_, err := start(t.Context(), cmd)
	if err == nil {
		t.Fatal("a process that ended was called ready")
	}
	for _, want := range []string{"exit status 2", "no such option"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestNeverReadyEndsTheProcess(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	file := filepath.Join(t.TempDir(), "pid")
	cmd := shell(`echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 600`)
	cmd.Args = append(cmd.Args, "sh", file)
	var pid int
	cmd.Ready = func(context.Context) error {
		if text, err := os.ReadFile(file); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
			cancel()
		}
		return errors.New("still starting")
	}
	_, err := start(ctx, cmd)
	if err == nil || !strings.Contains(err.Error(), "still starting") {
		t.Errorf("error %v, want the last answer of Ready", err)
	}
	if err := syscall.Kill(pid, 0); pid == 0 || !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there (%v)", pid, err)
	}
}

func TestMissingExecutable(t *testing.T) {
	if _, err := start(t.Context(), Cmd{Name: "/nonexistent/server"}); err == nil {
		t.Fatal("a missing executable was started")
	}
}

// A port that was taken between choice and use costs an attempt, not the test.
func TestLostPortIsReplaced(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	asked := 0
	free := func() (string, error) {
		if asked++; asked < 3 {
			return taken.Addr().String(), nil
		}
		return freeAddress("127.0.0.1")
	}
	p, addr, err := listen(t.Context(), free, alertmanagerAt(t))
	if err != nil {
		t.Fatal(err)
	}
	p.endWith(t)
	if asked != 3 || addr == taken.Addr().String() {
		t.Errorf("listening on %s after %d ports, want the third port", addr, asked)
	}
}

func alertmanagerAt(t *testing.T) func(addr string) Cmd {
	dir, binary := t.TempDir(), Binary(t, "alertmanager")
	writeFiles(t, dir, map[string]string{"alertmanager.yml": quietConfig})
	return func(addr string) Cmd { return alertmanagerCmd(binary, dir, addr) }
}

func TestOutputKeepsTheEnd(t *testing.T) {
	var o output
	for range 3 {
		fmt.Fprint(&o, strings.Repeat("x", maxOutput/2))
	}
	fmt.Fprint(&o, "the end")
	if got := o.String(); len(got) > maxOutput || !strings.HasSuffix(got, "the end") {
		t.Errorf("%d bytes are kept, ending in %q", len(got), got[max(0, len(got)-10):])
	}
}

func TestEventuallyGivesTheLastError(t *testing.T) {
	calls := 0
	err := eventually(0, func() error { calls++; return errors.New("not yet") })
	if err == nil || calls == 0 {
		t.Errorf("error %v after %d calls, want the check's error", err, calls)
	}
	if err := eventually(time.Minute, func() error { calls++; return nil }); err != nil {
		t.Error(err)
	}
}
