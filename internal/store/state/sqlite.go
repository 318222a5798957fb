package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

var sqlite = dialect{
	name:    "sqlite",
	explain: explainSQLite,
	denied:  deniedBySQLite,
	unique: func(err error) bool {
		code := sqliteCode(err)
		return code == codes.SQLITE_CONSTRAINT_UNIQUE || code == codes.SQLITE_CONSTRAINT_PRIMARYKEY
	},
}

// openSQLite opens a file. What is written is synced at each commit (FULL, not
// the driver's NORMAL, which may lose the last commits with the power).
func openSQLite(o Options) (writer, reader *sql.DB, err error) {
	path, err := filepath.Abs(strings.TrimPrefix(o.DSN, "sqlite:"))
	if err != nil {
		return nil, nil, err
	}
	if err := makeFile(path); err != nil {
		return nil, nil, err
	}
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)", "fullfsync(1)", "foreign_keys(1)",
		// Short: a call that waits in there cannot be cancelled. We try again.
		"busy_timeout(100)"}
	if writer, err = sql.Open("sqlite", sqliteURL(path, url.Values{"_txlock": {"immediate"}, "_pragma": pragmas})); err != nil {
		return nil, nil, err
	}
	reader, err = sql.Open("sqlite", sqliteURL(path, url.Values{"_pragma": append(pragmas, "query_only(1)")}))
	if err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	return writer, reader, nil
}

func sqliteURL(path string, values url.Values) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}).String()
}

// makeFile makes an empty database that only its owner may read, durably: SQLite
// gives the files beside it the same mode, and takes care of those itself.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return restrict(path)
	}
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), syncFolder(filepath.Dir(path))); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	return nil
}

// restrict takes a file from all but its owner.
func restrict(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a file", path)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return os.Chmod(path, info.Mode().Perm()&0o700)
}

func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sqliteCode is the extended result code, 0 if the error is not SQLite's.
func sqliteCode(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func explainSQLite(err error) *trouble {
	t := &trouble{cause: err, kind: errOther}
	switch sqliteCode(err) & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_PROTOCOL:
		t.kind, t.again = ErrLocked, true
	case codes.SQLITE_FULL:
		t.kind = ErrFull
	case codes.SQLITE_READONLY, codes.SQLITE_PERM, codes.SQLITE_CANTOPEN:
		t.kind = ErrReadOnly
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		t.kind = ErrDamaged
	case codes.SQLITE_IOERR:
		t.kind = ErrDisk
	case codes.SQLITE_INTERRUPT:
		t.kind = errEnded
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.kind = errEnded
	}
	return t
}

// deniedBySQLite: a commit that did not get at the file has not happened. One
// over which the disk failed may come back when the log is read again.
func deniedBySQLite(err error) bool {
	code := sqliteCode(err) & 0xff
	return code != 0 && code != codes.SQLITE_IOERR
}
