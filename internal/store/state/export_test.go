package state

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
)

// Writer is the connection that writes.
func (s *Store) Writer() *sql.DB { return s.writer }

// OpenWith is Open by a version of slo-engine that has these migrations.
func OpenWith(ctx context.Context, o Options, in fs.FS) (*Store, error) {
	d, writer, reader, err := connect(o.withDefaults())
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d, writer: writer, reader: reader, options: o.withDefaults(), metrics: newMetrics(), known: readMigrations(in)}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// MigrationFiles are the migrations of this version.
var MigrationFiles fs.FS = migrationFiles

// Sums are the hashes of the migrations: of SQLite's, then of PostgreSQL's.
func Sums() (sums [][2]string) {
	for _, m := range migrations {
		sums = append(sums, [2]string{m.sum(sqlite), m.sum(postgres)})
	}
	return sums
}
