package state

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Chain is the end of the audit: so many entries, and the hash of the last.
// Who has noted one elsewhere can tell later that nothing before it was
// rewritten: an audit that was written anew from some entry on is a sound one,
// but no longer this.
type Chain struct {
	Entries int64
	Hash    string // empty: there are none
}

// Verify reads all of the audit and checks that each entry is what was hashed,
// comes right after the one before, and that none is missing at the end. The
// error then wraps ErrTampered and names the first entry that is wrong.
func (s *Store) Verify(ctx context.Context) (Chain, error) {
	var c Chain
	tx, err := s.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: s.dialect.still})
	if err != nil {
		return c, fmt.Errorf("verify the audit: %w", s.dialect.explain(err))
	}
	defer func() { _ = tx.Rollback() }() // it has written nothing
	if err := s.verify(ctx, tx, &c); err != nil {
		return c, fmt.Errorf("verify the audit: %w", err)
	}
	return c, nil
}

func (s *Store) verify(ctx context.Context, tx *sql.Tx, c *Chain) error {
	var end Chain
	if err := tx.QueryRowContext(ctx, "SELECT audit_seq, audit_hash FROM slo_head").Scan(&end.Entries, &end.Hash); err != nil {
		return s.dialect.explain(err)
	}
	rows, err := tx.QueryContext(ctx, "SELECT seq, at, action, service, body, previous, hash FROM slo_audit ORDER BY seq")
	if err != nil {
		return s.dialect.explain(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := c.next(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return s.dialect.explain(err)
	}
	if *c != end {
		return fmt.Errorf("%w: it ends with entry %d, and %d were written", ErrTampered, c.Entries, end.Entries)
	}
	return nil
}

// next checks a row, and goes on to it.
func (c *Chain) next(rows *sql.Rows) error {
	var seq, at int64
	var action, service, body, previous, hash string
	if err := rows.Scan(&seq, &at, &action, &service, &body, &previous, &hash); err != nil {
		return err
	}
	e, err := decode[remediation.Entry](body)
	switch {
	case seq != c.Entries+1:
		return fmt.Errorf("%w: entry %d is missing", ErrTampered, c.Entries+1)
	case previous != c.Hash:
		return fmt.Errorf("%w: entry %d does not follow the one before it", ErrTampered, seq)
	case hash != link(previous, seq, body):
		return fmt.Errorf("%w: entry %d is not what was written", ErrTampered, seq)
	case err != nil || micros(e.At) != at || text(e.Action) != action || text(e.Service) != service:
		return fmt.Errorf("%w: entry %d is filed under another time, action or service", ErrTampered, seq)
	}
	c.Entries, c.Hash = seq, hash
	return nil
}
