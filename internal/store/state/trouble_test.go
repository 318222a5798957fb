package state_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/test/lab"
)

// brief is a patience that a test can wait for.
const brief = 2 * time.Second

// impatient opens a store that soon gives up. Its tables are made before, by
// one that does not.
func impatient(t *testing.T, dsn string) *state.Store {
	t.Helper()
	if err := open(t, state.Options{DSN: dsn, Patience: time.Minute}).Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, state.Options{DSN: dsn, Patience: brief})
}

// trouble checks that a write fails with an error of a kind, that the record is
// as it was, and that everything works when the trouble is over.
func trouble(t *testing.T, s *state.Store, kind error, begin, end func()) {
	t.Helper()
	r := reserved(t, s, "a", "target")
	r.State = remediation.Applying
	begin()
	_, err := s.Update(t.Context(), r, remediation.Entry{At: start, What: "applying"})
	end()
	if !errors.Is(err, kind) {
		t.Fatalf("the error is %v, want %v", err, kind)
	}
	t.Log(err)
	got, err := s.Get(t.Context(), "a")
	if err != nil || got.Revision != 1 {
		t.Fatalf("after the trouble there is %+v: %v", got, err)
	}
	if _, err := s.Update(t.Context(), r, remediation.Entry{At: start, What: "applying"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func execute(t *testing.T, s *state.Store, query string) {
	t.Helper()
	if _, err := s.Writer().ExecContext(t.Context(), query); err != nil {
		t.Fatal(err)
	}
}

// other is a client that is none of ours, in a transaction.
func other(t *testing.T, driver, dsn, begin string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	hold(t, db, begin)
	return db
}

func hold(t *testing.T, db *sql.DB, begin string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), begin); err != nil {
		t.Fatal(err)
	}
}

const (
	holdSQLite   = "BEGIN EXCLUSIVE"
	holdPostgres = "BEGIN; SELECT * FROM slo_head FOR UPDATE"
)

func testLocked(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	s := impatient(t, dsn)
	driver, begin := "sqlite", holdSQLite
	if strings.HasPrefix(dsn, "postgres:") {
		driver, begin = "pgx", holdPostgres
	}
	db := other(t, driver, dsn, "SELECT 1")
	trouble(t, s, state.ErrLocked, func() { hold(t, db, begin) }, func() { hold(t, db, "ROLLBACK") })

	// Who has the patience hears nothing of it.
	patient := open(t, state.Options{DSN: dsn, Patience: time.Minute})
	hold(t, db, begin)
	done := make(chan error)
	go func() { done <- patient.Append(t.Context(), remediation.Entry{At: start}) }()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(brief / 2):
	}
	hold(t, db, "ROLLBACK")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestFullDisk(t *testing.T) {
	s := impatient(t, file(t))
	r := reserved(t, s, "big", "elsewhere")
	r.Note = strings.Repeat("x", 1<<20)
	var pages int
	if err := s.Writer().QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	execute(t, s, "PRAGMA max_page_count = 1") // as few as there are
	_, err := s.Update(t.Context(), r)
	if !errors.Is(err, state.ErrFull) {
		t.Fatalf("the error is %v", err)
	}
	t.Log(err)
	if _, err := s.Get(t.Context(), "big"); err != nil {
		t.Errorf("what is there cannot be read: %v", err)
	}
	execute(t, s, "PRAGMA max_page_count = 1000000")
	if _, err := s.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func testReadOnly(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	on, off := "PRAGMA query_only = 1", "PRAGMA query_only = 0"
	if strings.HasPrefix(dsn, "postgres:") {
		on, off = "SET default_transaction_read_only = on", "SET default_transaction_read_only = off"
	}
	s := impatient(t, dsn)
	trouble(t, s, state.ErrReadOnly, func() { execute(t, s, on) }, func() { execute(t, s, off) })
}

func TestServerAway(t *testing.T) {
	server := lab.StartPostgres(t)
	dsn := server.Database(t)
	s := impatient(t, dsn)
	trouble(t, s, state.ErrAway, server.Stop, func() { server.Restart(t) })

	server.Stop()
	_, err := state.Open(t.Context(), state.Options{DSN: dsn, Patience: brief})
	if !errors.Is(err, state.ErrAway) {
		t.Errorf("opened while nobody is there: %v", err)
	}
	_, err = s.Get(t.Context(), "a")
	if !errors.Is(err, state.ErrAway) {
		t.Errorf("read while nobody is there: %v", err)
	}
	// A restart that is shorter than the patience goes unnoticed.
	patient := make(chan error)
	go func() {
		later, err := state.Open(t.Context(), state.Options{DSN: dsn, Patience: time.Minute})
		if err == nil {
			err = later.Close()
		}
		patient <- err
	}()
	server.Restart(t)
	if err := <-patient; err != nil {
		t.Fatal(err)
	}
}

// A server that takes the question and does not answer.
func TestServerHangs(t *testing.T) {
	s := impatient(t, lab.StartPostgres(t).Database(t))
	var pid int
	signal := func(with syscall.Signal) {
		if err := syscall.Kill(pid, with); err != nil {
			t.Error(err)
		}
	}
	trouble(t, s, state.ErrAway, func() {
		if err := s.Writer().QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			t.Fatal(err)
		}
		signal(syscall.SIGSTOP)
	}, func() { signal(syscall.SIGCONT) })
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]string{
		"":                                    "name a file",
		":memory:":                            "must be kept",
		"mysql://localhost/x":                 "mysql:// is no database that is known",
		filepath.Join(dir, "no", "s.db"):      "no such file",
		dir:                                   "is not a file",
		garbage:                               "is damaged",
		"postgres://%%":                       "cannot parse",
		"postgres:///x?host=" + dir:           "does not answer",
		"postgres:///?synchronous_commit=off": "leave it out",
	} {
		s, err := state.Open(t.Context(), state.Options{DSN: dsn, Patience: brief})
		if err == nil {
			_ = s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", dsn, err, want)
		}
	}
	_, err := state.Open(t.Context(), state.Options{DSN: "postgres://me:hush@127.0.0.1:1/x", Patience: brief})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("a password is in %v", err)
	}
}

func TestFileIsItsOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "st?te #1%41.db")
	open(t, state.Options{DSN: path})
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	loose := file(t)
	if err := os.WriteFile(loose, nil, 0o664); err != nil {
		t.Fatal(err)
	}
	open(t, state.Options{DSN: "sqlite:" + loose})
	if info, err := os.Stat(loose); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestSQLiteSyncs(t *testing.T) {
	s := open(t, state.Options{DSN: file(t)})
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"} {
		var got string
		if err := s.Writer().QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %s, want %s: %v", pragma, got, want, err)
		}
	}
}

func testCancelled(t *testing.T, fresh fresh) {
	s := open(t, state.Options{DSN: fresh(t)})
	r := reserved(t, s, "a", "target")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Update(ctx, r); !errors.Is(err, context.Canceled) {
		t.Errorf("a write for nobody: %v", err)
	}
	if _, err := s.Get(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("a read for nobody: %v", err)
	}
	if _, err := s.Update(t.Context(), r); err != nil {
		t.Error(err)
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	s := open(t, state.Options{DSN: file(t), Registerer: registry, Patience: brief})
	r := reserved(t, s, "a", "target")
	reserved(t, s, "b", "another")
	if _, err := s.Reserve(t.Context(), record("c", "target"), remediation.Limits{}); err == nil {
		t.Error("a target has two actions")
	}
	r.State = remediation.Rejected
	if _, err := s.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := s.Push(t.Context(), remediation.Message{ID: "m", To: "hook"}); err != nil {
		t.Fatal(err)
	}
	execute(t, s, "PRAGMA query_only = 1")
	if err := s.Append(t.Context(), remediation.Entry{}); err == nil {
		t.Error("it can be written")
	}
	want := `
# HELP slo_engine_state_open_rows What has not ended, as of this engine's last write: actions, messages that wait, and dead ones.
# TYPE slo_engine_state_open_rows gauge
slo_engine_state_open_rows{kind="actions"} 1
slo_engine_state_open_rows{kind="dead"} 0
slo_engine_state_open_rows{kind="messages"} 1
# HELP slo_engine_state_held_total Reservations that a limit forbade, by limit.
# TYPE slo_engine_state_held_total counter
slo_engine_state_held_total{reason="target_busy"} 1
# HELP slo_engine_state_errors_total Operations that failed because of the database, by reason.
# TYPE slo_engine_state_errors_total counter
slo_engine_state_errors_total{reason="away"} 0
slo_engine_state_errors_total{reason="cancelled"} 0
slo_engine_state_errors_total{reason="damaged"} 0
slo_engine_state_errors_total{reason="disk"} 0
slo_engine_state_errors_total{reason="full"} 0
slo_engine_state_errors_total{reason="locked"} 0
slo_engine_state_errors_total{reason="other"} 0
slo_engine_state_errors_total{reason="read_only"} 1
slo_engine_state_errors_total{reason="uncertain"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want),
		"slo_engine_state_open_rows", "slo_engine_state_held_total", "slo_engine_state_errors_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "slo_engine_state_operation_seconds"); err != nil || n < 4 {
		t.Errorf("%d operations are timed: %v", n, err)
	}
}

// A server that goes away over a commit has said neither yes nor no.
func TestUncertain(t *testing.T) {
	s := open(t, state.Options{DSN: lab.StartPostgres(t).DSN, Patience: time.Minute})
	execute(t, s, `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER die AFTER INSERT ON slo_actions DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION die()`)
	_, err := s.Reserve(t.Context(), record("a", "target"), remediation.Limits{})
	if !errors.Is(err, state.ErrUncertain) {
		t.Fatalf("the error is %v", err)
	}
	t.Log(err)
	execute(t, s, "DROP FUNCTION die CASCADE")
	if _, err := s.Get(t.Context(), "a"); !errors.Is(err, remediation.ErrNotFound) {
		t.Fatalf("it was written: %v", err)
	}
	reserved(t, s, "a", "target")
	var held *remediation.Held
	_, err = s.Reserve(t.Context(), record("a", "target"), remediation.Limits{})
	if !errors.As(err, &held) || held.Reason != remediation.HeldDecided || held.By != "a" {
		t.Errorf("who asks again is not told that it is written: %v", err)
	}
}
