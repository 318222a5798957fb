package state

import (
	"context"
	"database/sql"
	drivers "database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

var postgres = dialect{
	name:     "postgres",
	numbered: true,
	// The row is what all writers wait for. Read committed, the default, is then
	// not only enough but needed: a transaction with one snapshot for all its
	// statements would see the state from before it waited.
	forUpdate: " FOR UPDATE",
	alone:     "SELECT pg_advisory_xact_lock(7310582914416)",
	still:     sql.LevelRepeatableRead,
	explain:   explainPostgres,
	denied:    deniedByPostgres,
	unique:    func(err error) bool { return postgresCode(err) == "23505" },
}

func openPostgres(o Options) (writer, reader *sql.DB, err error) {
	config, err := pgx.ParseConfig(o.DSN)
	if err != nil {
		return nil, nil, err // it leaves passwords out
	}
	if err := furnish(config, o.Patience); err != nil {
		return nil, nil, err
	}
	return stdlib.OpenDB(*config), stdlib.OpenDB(*config), nil
}

// furnish sets what the DSN leaves open. An engine that hangs in the middle of
// a transaction must not keep the others from leading: the server ends it.
func furnish(config *pgx.ConnConfig, patience time.Duration) error {
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = patience
	}
	ms := func(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
	for name, value := range map[string]string{
		"application_name":                    "slo-engine",
		"synchronous_commit":                  "on",
		"lock_timeout":                        ms(patience),
		"statement_timeout":                   ms(2 * patience),
		"idle_in_transaction_session_timeout": ms(2 * patience),
	} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	if strings.EqualFold(config.RuntimeParams["synchronous_commit"], "off") {
		return errors.New("synchronous_commit=off in the DSN would lose actions with the power: leave it out")
	}
	return nil
}

func postgresCode(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func explainPostgres(err error) *trouble {
	t := &trouble{cause: err, kind: errOther}
	code := postgresCode(err)
	switch {
	case code == "55P03" || code == "40001" || code == "40P01": // lock, serialization, deadlock
		t.kind, t.again = ErrLocked, true
	case code == "25006":
		t.kind = ErrReadOnly
	case code == "53100" || code == "54000":
		t.kind = ErrFull
	case code == "57014": // by a timeout: our own, or the server's
		t.kind = ErrAway
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "57P"), strings.HasPrefix(code, "53"), code == "25P03":
		t.kind, t.again = ErrAway, true
	case strings.HasPrefix(code, "58"):
		t.kind = ErrDisk
	case code == "XX001" || code == "XX002":
		t.kind = ErrDamaged
	case code == "" && gone(err):
		t.kind, t.again = ErrAway, true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		t.kind, t.again = errEnded, false
	}
	return t
}

// gone reports whether there is nobody at the other end.
func gone(err error) bool {
	var netError net.Error
	var connect *pgconn.ConnectError
	return errors.As(err, &netError) || errors.As(err, &connect) || errors.Is(err, drivers.ErrBadConn) ||
		errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// deniedByPostgres: the server said no, or was not asked. A server that is being
// shut down says 57P01 also when it has committed but not heard from a standby.
func deniedByPostgres(err error) bool {
	code := postgresCode(err)
	return code != "" && !strings.HasPrefix(code, "57P") || pgconn.SafeToRetry(err)
}

// fsyncs warns of a server that forgets with the power.
func (s *Store) fsyncs(ctx context.Context) error {
	var on string
	if err := s.writer.QueryRowContext(ctx, "SHOW fsync").Scan(&on); err != nil {
		return fmt.Errorf("ask whether the server syncs: %w", s.dialect.explain(err))
	}
	if on != "on" {
		s.options.Logger.Warn("the PostgreSQL server runs with fsync off: a power loss may lose actions, and damage it")
	}
	return nil
}
