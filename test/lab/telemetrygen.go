package lab

import "testing"

// Telemetrygen runs telemetrygen to its end ("metrics", "traces" or "logs"
// and its flags) and returns its output. A failure to send fails the test.
func Telemetrygen(tb testing.TB, args ...string) string {
	tb.Helper()
	return Run(tb, "telemetrygen", args...)
}

// Run runs a command-line tool of the lab (promtool, amtool) to its end and
// returns its output. An exit code other than 0 fails the test.
func Run(tb testing.TB, name string, args ...string) string {
	tb.Helper()
	p := Start(tb, Cmd{Name: Binary(tb, name), Args: args})
	if err := p.Wait(); err != nil {
		tb.Fatalf("run %s: %v", name, err)
	}
	return p.Output()
}
