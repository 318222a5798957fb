package state_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
)

// landed are the hashes of the migrations that were released, which must never
// change: databases have been through them. New ones are added.
var landed = [][2]string{
	{"7eb3d9f834b39bfed8ef701a8d1b803012c1c7db285737ffb847213866a999af", "4b39d46f1ff6e642cfa4f962d3f005626ff5530aee74b34a2bc8d15d3ca348b4"},
	{"316b49e3fe40651d3ad9f382daf0d50be14c262c4f6f5f094876f652183ad8e8", "316b49e3fe40651d3ad9f382daf0d50be14c262c4f6f5f094876f652183ad8e8"},
	{"b972998b60c31857f8ad56a3f888829d1cde66be32d16813c71d64b98634bb17", "b972998b60c31857f8ad56a3f888829d1cde66be32d16813c71d64b98634bb17"},
}

func TestMigrationsStay(t *testing.T) {
	if diff := cmp.Diff(landed, state.Sums()); diff != "" {
		t.Errorf("a migration that landed was changed, or a new one is not listed here (-landed +now):\n%s", diff)
	}
}

// files are the migrations up to a version, and more.
func files(t *testing.T, upTo string, more map[string]string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	names, err := fs.Glob(state.MigrationFiles, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.TrimPrefix(name, "migrations/") < upTo+"_~" {
			text, err := fs.ReadFile(state.MigrationFiles, name)
			if err != nil {
				t.Fatal(err)
			}
			all[name] = &fstest.MapFile{Data: text}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(more)) {
		all["migrations/"+name] = &fstest.MapFile{Data: []byte(more[name])}
	}
	return all
}

func openWith(t *testing.T, dsn string, in fs.FS) (*state.Store, error) {
	t.Helper()
	s, err := state.OpenWith(t.Context(), state.Options{DSN: dsn}, in)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

// What version 1 has left is read by this one.
func testFromVersion1(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	old, err := openWith(t, dsn, files(t, "0001", nil))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	execute(t, old, string(rows))
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	wantVersion1(t, open(t, state.Options{DSN: dsn}))
}

func wantVersion1(t *testing.T, s *state.Store) {
	t.Helper()
	ctx := t.Context()
	a, errA := s.Get(ctx, "a")
	b, errB := s.Get(ctx, "b")
	paused, errSetting := s.Setting(ctx, "paused")
	due, errPull := s.Pull(ctx, "hook", start, 10)
	dead, errDead := s.Dead(ctx, 10)
	chain, errVerify := s.Verify(ctx)
	if err := errors.Join(errA, errB, errSetting, errPull, errDead, errVerify); err != nil {
		t.Fatal(err)
	}
	if a.State != remediation.Rejected || a.Answered != "alice" || b.Revision != 1 || string(b.Evidence) != `{"burn":14.4}` ||
		!json.Valid(paused) || len(due) != 1 || due[0].ID != "m3" || len(dead) != 1 || dead[0].Tries != 9 || chain.Entries != 3 {
		t.Errorf("version 1 has left %+v, %+v, %s, %+v, %+v, %+v", a, b, paused, due, dead, chain)
	}
	b.State = remediation.Applying
	if _, err := s.Update(ctx, b, remediation.Entry{At: start, What: "applying"}); err != nil {
		t.Error(err)
	}
	if l, err := s.Lead(ctx, "engine-2", start.Add(time.Minute), time.Minute); err != nil || l.Epoch != 2 {
		t.Errorf("the next leader is %+v: %v", l, err)
	}
	if err := s.Push(ctx, remediation.Message{ID: "m1", To: "hook"}); err != nil {
		t.Error(err)
	}
	if due, err := s.Pull(ctx, "hook", start, 10); err != nil || len(due) != 1 {
		t.Errorf("what was delivered is due again: %+v, %v", due, err)
	}
}

// A later version changes the tables once; an older one then stays away from
// them, and a change that fails leaves nothing.
func testVersions(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	s := open(t, state.Options{DSN: dsn})
	reserved(t, s, "a", "target")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	broken := files(t, "9999", map[string]string{"0004_more.sql": "CREATE TABLE slo_more (n BIGINT); SELECT nonsense FROM nowhere;"})
	if _, err := openWith(t, dsn, broken); err == nil || !strings.Contains(err.Error(), "to version 4") {
		t.Fatalf("a broken migration: %v", err)
	}
	next := files(t, "9999", map[string]string{
		"0004_more.sql":          "CREATE TABLE slo_more (n BIGINT);",
		"0004_more.sqlite.sql":   "INSERT INTO slo_more VALUES (1);",
		"0004_more.postgres.sql": "INSERT INTO slo_more VALUES (1);",
	})
	for range 2 { // the second time there is nothing to do
		newer, err := openWith(t, dsn, next)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := newer.Writer().QueryRowContext(t.Context(), "SELECT count(*) FROM slo_more").Scan(&n); err != nil || n != 1 {
			t.Errorf("%d rows were made: %v", n, err)
		}
		if _, err := newer.Get(t.Context(), "a"); err != nil {
			t.Error(err)
		}
	}
	_, err := state.Open(t.Context(), state.Options{DSN: dsn})
	if !errors.Is(err, state.ErrNewer) || !strings.Contains(err.Error(), "version 4, and this one knows 3") {
		t.Errorf("an old engine with new tables: %v", err)
	}
}

// Engines that start at once make the tables once.
func testManyOpen(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := state.Open(context.Background(), state.Options{DSN: dsn, Patience: time.Minute})
			if err == nil {
				err = s.Close()
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}
