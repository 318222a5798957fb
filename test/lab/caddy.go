package lab

import (
	"os"
	"path/filepath"
	"testing"
)

// Caddy is a running one with an admin API.
type Caddy struct {
	*Process
	Addr  string // host:port, for a server to listen on
	Admin string // URL of the admin API
	Dir   string // of its configuration, and of what it saves

	command func(addr, admin string) Cmd
}

// StartCaddy starts a Caddy with a JSON configuration, which is told the address
// to serve at and that of the admin API. With resume it starts, when it starts
// again, with the configuration that it had last.
func StartCaddy(tb testing.TB, resume bool, config func(addr, admin string) string) *Caddy {
	tb.Helper()
	c := &Caddy{Dir: tb.TempDir()}
	binary := Binary(tb, "caddy")
	path := filepath.Join(c.Dir, "caddy.json")
	c.command = func(addr, admin string) Cmd {
		if err := os.WriteFile(path, []byte(config(addr, admin)), 0o600); err != nil {
			tb.Fatal(err)
		}
		args := []string{"run", "--config", path}
		if resume {
			args = append(args, "--resume")
		}
		return Cmd{
			Name: binary, Args: args, Dir: c.Dir, Ready: HTTPReady("http://" + admin + "/config/"),
			Env: []string{"XDG_DATA_HOME=" + c.Dir, "XDG_CONFIG_HOME=" + c.Dir, "HOME=" + c.Dir},
		}
	}
	c.Process, c.Addr = startListening(tb, func(addr string) Cmd {
		// Caddy's admin API answers to this IP alone.
		admin, err := freeAddress("127.0.0.1")
		if err != nil {
			tb.Fatal(err)
		}
		c.Admin = "http://" + admin
		return c.command(addr, admin)
	})
	return c
}

// Restart ends it and starts it again at its addresses.
func (c *Caddy) Restart(tb testing.TB) {
	tb.Helper()
	c.Stop()
	c.Process = Start(tb, c.command(c.Addr, c.Admin[len("http://"):]))
}
