package state_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
)

// dropped takes the triggers away, as somebody with the database's password can.
var dropped = map[bool][]string{
	false: {"DROP TRIGGER slo_audit_stays", "DROP TRIGGER slo_audit_is_final", "DROP TRIGGER slo_audit_is_new"},
	true:  {"DROP FUNCTION slo_audit_refuse CASCADE"},
}

// audited is a store with five entries.
func audited(t *testing.T, dsn string) *state.Store {
	t.Helper()
	s := open(t, state.Options{DSN: dsn})
	for _, what := range []string{"decided", "reserved", "wrote", "verified", "undone"} {
		if err := s.Append(t.Context(), remediation.Entry{At: start, Who: "slo-engine", What: what, Action: "a", Service: "checkout"}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func testAuditIsAppendOnly(t *testing.T, fresh fresh) {
	dsn := fresh(t)
	s := audited(t, dsn)
	queries := []string{"UPDATE slo_audit SET body = '{}'", "DELETE FROM slo_audit WHERE seq = 5", "DELETE FROM slo_audit"}
	if strings.HasPrefix(dsn, "postgres:") {
		queries = append(queries, "TRUNCATE slo_audit", `INSERT INTO slo_audit VALUES (5, 0, '', '', '{}', '', '')
			ON CONFLICT (seq) DO UPDATE SET body = excluded.body`)
	} else {
		queries = append(queries, "INSERT OR REPLACE INTO slo_audit VALUES (5, 0, '', '', '{}', '', '')")
	}
	for _, query := range queries {
		if _, err := s.Writer().ExecContext(t.Context(), query); err == nil || !strings.Contains(err.Error(), "only appended to") {
			t.Errorf("%s: %v", query, err)
		}
	}
	if chain, err := s.Verify(t.Context()); err != nil || chain.Entries != 5 || len(chain.Hash) != 64 {
		t.Errorf("the chain is %+v: %v", chain, err)
	}
}

func testTamperingShows(t *testing.T, fresh fresh) {
	for query, want := range map[string]string{
		"UPDATE slo_audit SET body = replace(body, 'wrote', 'slept')":                                        "entry 3 is not what was written",
		"UPDATE slo_audit SET at = 7 WHERE seq = 2":                                                          "entry 2 is filed under another time",
		"UPDATE slo_audit SET action = 'b' WHERE seq = 2":                                                    "entry 2 is filed under another time",
		"UPDATE slo_audit SET service = '' WHERE seq = 5":                                                    "entry 5 is filed under another time",
		"UPDATE slo_audit SET hash = previous WHERE seq = 4":                                                 "entry 4 is not what was written",
		"UPDATE slo_audit SET previous = hash WHERE seq = 4":                                                 "entry 4 does not follow",
		"DELETE FROM slo_audit WHERE seq = 1":                                                                "entry 1 is missing",
		"DELETE FROM slo_audit WHERE seq = 3":                                                                "entry 3 is missing",
		"DELETE FROM slo_audit WHERE seq = 5":                                                                "it ends with entry 4, and 5 were written",
		"DELETE FROM slo_audit":                                                                              "it ends with entry 0, and 5 were written",
		"INSERT INTO slo_audit SELECT 6, at, action, service, body, hash, hash FROM slo_audit WHERE seq = 5": "entry 6 is not what was written",
	} {
		dsn := fresh(t)
		s := audited(t, dsn)
		for _, drop := range dropped[strings.HasPrefix(dsn, "postgres:")] {
			execute(t, s, drop)
		}
		execute(t, s, query)
		if _, err := s.Verify(t.Context()); !errors.Is(err, state.ErrTampered) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", query, err, want)
		}
	}
}

// The indexes hold even against those who do not wait for the head.
func testIndexesHold(t *testing.T, fresh fresh) {
	s := open(t, state.Options{DSN: fresh(t)})
	r := reserved(t, s, "a", "target")
	copied := func(id, alert string) error {
		_, err := s.Writer().ExecContext(t.Context(), `INSERT INTO slo_actions
			(id, revision, alert, since, playbook, step, service, gateway, target, state, is_open, created, entered, body)
			SELECT '`+id+`', revision, '`+alert+`', since, playbook, step, service, gateway, target, state, is_open, created, entered, body FROM slo_actions WHERE id = 'a'`)
		return err
	}
	if err := copied("b", "b"); err == nil {
		t.Error("a target has two actions")
	}
	r.State = remediation.Rejected
	if _, err := s.Update(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := copied("b", "a"); err == nil {
		t.Error("an alert has an action twice")
	}
	if err := copied("b", "b"); err != nil {
		t.Errorf("an action that is over is in the way: %v", err)
	}
}
