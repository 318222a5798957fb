package lab

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Postgres is a running PostgreSQL that can be reached over a socket file
// only. It syncs to its disk as in earnest.
type Postgres struct {
	*Process
	// DSN is the URL of its first database; Database makes others.
	DSN string

	dir, bin  string // of this server; of the programs
	databases atomic.Int64
}

// StartPostgres starts a PostgreSQL with a new, empty folder. It refuses to run
// as root, so a test that does runs it as nobody.
func StartPostgres(tb testing.TB) *Postgres {
	tb.Helper()
	binary, err := filepath.EvalSymlinks(Binary(tb, "postgres"))
	if err != nil {
		tb.Fatalf("find postgres: %v", err)
	}
	p := &Postgres{dir: postgresFolder(tb), bin: filepath.Dir(binary)}
	p.DSN = p.dsn("postgres")
	out, err := p.as("initdb", "--pgdata", p.data(), "--username", "postgres", "--auth", "trust",
		"--encoding", "UTF8", "--no-locale", "--no-sync").command(nil).CombinedOutput()
	if err != nil {
		tb.Fatalf("make a database folder: %v\n%s", err, out)
	}
	p.Restart(tb)
	return p
}

// Restart starts one that has ended again, with its data and its DSN.
func (p *Postgres) Restart(tb testing.TB) {
	tb.Helper()
	// What a killed one has left takes a moment to be gone.
	Eventually(tb, readyWithin, func() (err error) {
		p.Process, err = start(tb.Context(), p.server())
		return err
	})
	p.endWith(tb)
	tb.Cleanup(p.Stop) // which comes before that of endWith
}

// Stop ends the server without waiting for its clients, and returns when it has
// ended.
func (p *Postgres) Stop() {
	p.Signal(syscall.SIGINT)
	p.Process.Stop()
}

// Database makes an empty database and returns its URL.
func (p *Postgres) Database(tb testing.TB) string {
	tb.Helper()
	name := "test" + strconv.FormatInt(p.databases.Add(1), 10)
	p.Exec(tb, "CREATE DATABASE "+name)
	return p.dsn(name)
}

// Exec runs SQL as the server's superuser.
func (p *Postgres) Exec(tb testing.TB, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), p.DSN)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.Background()) // best effort: nothing is left to be said
	if _, err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatalf("execute %s: %v", sql, err)
	}
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *Postgres) dsn(database string) string {
	return "postgres:///" + database + "?" + url.Values{"host": {p.dir}, "user": {"postgres"}}.Encode()
}

// server is the process, without a port: a socket file is nobody else's.
func (p *Postgres) server() Cmd {
	cmd := p.as("postgres", "-D", p.data(), "-k", p.dir, "-c", "listen_addresses=", "-c", "jit=off",
		"-c", "shared_buffers=16MB", "-c", "max_connections=50")
	cmd.Ready = func(ctx context.Context) error {
		conn, err := pgx.Connect(ctx, p.DSN)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	return cmd
}

// as is one of PostgreSQL's programs, run by somebody who is not root. The
// kernel forgets who dies with whom when the user changes: it is told again.
func (p *Postgres) as(program string, args ...string) Cmd {
	path := filepath.Join(p.bin, program)
	libraries, _ := filepath.Glob(filepath.Join(p.bin, "../../../*-linux-gnu*"))
	cmd := Cmd{Name: path, Args: args, Dir: p.dir}
	if len(libraries) > 0 {
		cmd.Env = []string{"LD_LIBRARY_PATH=" + libraries[0]}
	}
	if os.Geteuid() == 0 {
		cmd.Name, cmd.Args = "setpriv", append([]string{"--reuid", "nobody", "--regid", "nogroup",
			"--clear-groups", "--pdeathsig", "KILL", "--", path}, args...)
	}
	return cmd
}

// postgresFolder is a folder that PostgreSQL's user can get into; a test's own
// is closed to others. Its name is short: it becomes part of a socket's name,
// which may have a hundred bytes.
func postgresFolder(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "slo-engine-pg-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove the database folder: %v", err)
		}
	})
	if os.Geteuid() == 0 {
		if err := giveToNobody(dir); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

func giveToNobody(dir string) error {
	nobody, err := user.Lookup("nobody")
	if err != nil {
		return fmt.Errorf("find a user for PostgreSQL: %w", err)
	}
	uid, err := strconv.Atoi(nobody.Uid)
	if err != nil {
		return fmt.Errorf("find a user for PostgreSQL: %w", err)
	}
	return os.Chown(dir, uid, -1)
}
