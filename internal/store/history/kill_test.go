package history

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
)

// killedIn is set in the process that is killed: its folder.
const killedIn = "HISTORY_TEST_DIR"

// appendForever is what the child does, from TestMain on.
func appendForever(dir string) {
	s, err := Open(dir, Options{})
	if err != nil {
		panic(err)
	}
	f := newFleet(20)
	for i := 0; ; i++ {
		if err := s.Append(f.next()); err != nil {
			panic(err)
		}
		fmt.Println(i + 1)
	}
}

func TestAProcessThatIsKilledLosesNoAppend(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killedIn+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told, lines := 0, bufio.NewScanner(out)
	for told < 300 && lines.Scan() {
		if told, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // what it said before it was dead
		told, _ = strconv.Atoi(lines.Text())
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
	s := opened(t, dir, Options{})
	found := samples(t, s, "slo_objective_ratio")
	if len(found) != 20 {
		t.Fatalf("%d series are left, want 20", len(found))
	}
	for labels, points := range found {
		if len(points)/2 < told {
			t.Errorf("%s has %d samples, and %d appends were told", labels, len(points)/2, told)
		}
	}
}
