package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// tx is one writer's transaction. No other one runs.
type tx struct {
	ctx  context.Context // of the transaction
	tx   *sql.Tx
	s    *Store
	head head
	// moved says that the head is to be written.
	moved bool
}

// head is the row of slo_head.
type head struct {
	lease lease
	// seq and hash are those of the last entry of the audit.
	seq  int64
	hash string
}

// begin waits until no other writer is left.
func (s *Store) begin(ctx context.Context) (*tx, error) {
	raw, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, s.dialect.explain(err)
	}
	t := &tx{ctx: ctx, tx: raw, s: s}
	err = t.row("SELECT epoch, holder, until, audit_seq, audit_hash FROM slo_head WHERE id = 1"+s.dialect.forUpdate)(
		&t.head.lease.epoch, &t.head.lease.holder, &t.head.lease.until, &t.head.seq, &t.head.hash)
	if err != nil {
		t.rollback()
		return nil, fmt.Errorf("read the head: %w", err)
	}
	return t, nil
}

func (t *tx) commit() error {
	if t.moved {
		if err := t.exec("UPDATE slo_head SET epoch = ?, holder = ?, until = ?, audit_seq = ?, audit_hash = ? WHERE id = 1",
			t.head.lease.epoch, t.head.lease.holder, t.head.lease.until, t.head.seq, t.head.hash); err != nil {
			return err
		}
	}
	err := t.tx.Commit()
	if err == nil || t.s.dialect.denied(err) {
		return t.explain(err)
	}
	return &trouble{kind: ErrUncertain, cause: err}
}

// rollback ends a transaction that was not committed. What it says does not
// matter: a connection that fails here is not used again.
func (t *tx) rollback() { _ = t.tx.Rollback() }

func (t *tx) exec(query string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, t.s.dialect.query(query), args...)
	return t.explain(err)
}

// row asks for one row, and returns what scans it. sql.ErrNoRows is as it is.
func (t *tx) row(query string, args ...any) func(into ...any) error {
	row := t.tx.QueryRowContext(t.ctx, t.s.dialect.query(query), args...)
	return func(into ...any) error { return t.explain(row.Scan(into...)) }
}

// found asks for one row, and reports whether there is one.
func (t *tx) found(row func(into ...any) error, into ...any) (bool, error) {
	err := row(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (t *tx) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return sql.ErrNoRows
	}
	return t.s.dialect.explain(err)
}
