package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnits(t *testing.T) {
	got := []string{
		Seconds(0.000_000_31), Seconds(3.96e-6), Seconds(0.0124), Seconds(2), Seconds(0),
		Bytes(212), Bytes(98_400), Bytes(1.5e9), Percent(0.0042), Times(12.34), Times(0.0512), Number(0.00123), Number(10), PerSecond(1_234_567.8),
	}
	want := []string{
		"310 ns", "3.96 µs", "12.4 ms", "2.00 s", "0 ns",
		"212 B", "98.4 KB", "1.50 GB", "0.420 %", "12.3x", "0.0512x", "0.00123", "10", "1,234,568/s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRows(t *testing.T) {
	ours, peer := Of(0.5e-6, 0.4e-6), Of(4e-6, 4.4e-6)
	rows := []Row{
		Compared("cost", AtLeast(10, Times).Named("less"), ours, "peer", peer, Seconds),
		Compared("cost", AtLeast(11, Times), ours, "peer", peer, Seconds),
		Multiple("cost", AtMost(0.1, Times), ours, "floor", peer, Seconds),
		Alone("tick", AtMost(0.2, Seconds), Of(0.21), Seconds),
		Unknown("restart", AtMost(5, Seconds), "not yet"),
		Compared("cost", None, ours, "peer", Figure{}, Seconds),
	}
	want := `| what | target | slo-engine | beside it | result | met |
|---|---|---|---|---|---|
| cost | ≥ 10x less | 400 ns (to 500 ns) | peer: 4.00 µs (to 4.40 µs) | 10.0x | yes |
| cost | ≥ 11x | 400 ns (to 500 ns) | peer: 4.00 µs (to 4.40 µs) | 10.0x | no |
| cost | ≤ 0.1x | 400 ns (to 500 ns) | floor: 4.00 µs (to 4.40 µs) | 0.100x | yes |
| tick | ≤ 200 ms | 210 ms | — | 210 ms | no |
| restart | ≤ 5 s | not yet | — | — | — |
| cost | — | 400 ns (to 500 ns) | peer: not measured | — | — |
`
	if diff := cmp.Diff(want, Table(rows)); diff != "" {
		t.Error(diff)
	}
}

func TestInsert(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("# A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Insert(path, "x"); err == nil || !strings.Contains(err.Error(), "table:begin") {
		t.Errorf("without markers: %v", err)
	}
	if err := os.WriteFile(path, []byte("# A\n"+begin+"\nold\n"+end+"\nB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time is like the first
		if err := Insert(path, "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, _ := os.ReadFile(path)
	if diff := cmp.Diff("# A\n"+begin+"\nnew\n"+end+"\nB\n", string(got)); diff != "" {
		t.Error(diff)
	}
}
