package state

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are those of this version.
var migrations = readMigrations(migrationFiles)

// migration is one step of the schema.
type migration struct {
	number int
	// files are what to execute, by the name of the dialect; "" is for all.
	files map[string]string
}

// readMigrations reads NNNN_what.sql and NNNN_what.ENGINE.sql. Files that are not
// named like this, or leave out a number, are a mistake of ours.
func readMigrations(in fs.FS) []migration {
	names, err := fs.Glob(in, "migrations/*.sql")
	if err != nil {
		panic(err)
	}
	var all []migration
	for _, name := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(name, "migrations/"), ".sql")
		digits, what, _ := strings.Cut(base, "_")
		_, engine, _ := strings.Cut(what, ".")
		number, err := strconv.Atoi(digits)
		text, readErr := fs.ReadFile(in, name)
		if err != nil || readErr != nil || number < len(all) || number > len(all)+1 {
			panic("migration out of order: " + name)
		}
		if number > len(all) {
			all = append(all, migration{number: number, files: map[string]string{}})
		}
		all[number-1].files[engine] = string(text)
	}
	return all
}

// sum is the hash of what a dialect executes.
func (m migration) sum(d dialect) string {
	h := sha256.Sum256([]byte(m.files[""] + "\n" + m.files[d.name]))
	return hex.EncodeToString(h[:])
}

// migrate brings the tables to the version that we know. Of several engines that
// start at once one does it, and the others wait.
func (s *Store) migrate(ctx context.Context) error {
	err := s.try(ctx, "migrate", func(ctx context.Context) error {
		raw, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			return s.dialect.explain(err)
		}
		t := &tx{ctx: ctx, tx: raw, s: s}
		defer t.rollback()
		if err := t.migrate(); err != nil {
			return err
		}
		return t.commit()
	})
	if err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	if s.dialect.name == postgres.name {
		return s.fsyncs(ctx)
	}
	return nil
}

func (t *tx) migrate() error {
	if t.s.dialect.alone != "" {
		if err := t.exec(t.s.dialect.alone); err != nil {
			return err
		}
	}
	if err := t.exec(`CREATE TABLE IF NOT EXISTS slo_schema (
		version BIGINT PRIMARY KEY, sum TEXT NOT NULL, applied BIGINT NOT NULL)`); err != nil {
		return err
	}
	var at sql.NullInt64
	if err := t.row("SELECT max(version) FROM slo_schema")(&at); err != nil {
		return err
	}
	if newest := int64(len(t.s.known)); at.Int64 > newest {
		return fmt.Errorf("%w: its tables have version %d, and this one knows %d: run the newer slo-engine, or another database",
			ErrNewer, at.Int64, newest)
	}
	for m := range slices.Values(t.s.known[at.Int64:]) {
		if err := t.apply(m); err != nil {
			return fmt.Errorf("to version %d: %w", m.number, err)
		}
	}
	return nil
}

func (t *tx) apply(m migration) error {
	for _, engine := range []string{"", t.s.dialect.name} {
		if m.files[engine] == "" {
			continue
		}
		// Not t.exec: this is no query with parameters.
		if _, err := t.tx.ExecContext(t.ctx, m.files[engine]); err != nil {
			return t.explain(err)
		}
	}
	t.s.options.Logger.Info("the tables of the state have a new version", "version", m.number)
	return t.exec("INSERT INTO slo_schema (version, sum, applied) VALUES (?, ?, ?)",
		m.number, m.sum(t.s.dialect), micros(t.s.options.Now()))
}
