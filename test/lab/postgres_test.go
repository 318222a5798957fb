package lab

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestPostgresKeepsWhatItHas(t *testing.T) {
	p := StartPostgres(t)
	dsn := p.Database(t)
	write(t, dsn, "CREATE TABLE kept (n int)")
	write(t, dsn, "INSERT INTO kept VALUES (1)")
	p.Stop()
	p.Restart(t)
	write(t, dsn, "INSERT INTO kept VALUES (2)")
	p.Kill()
	p.Restart(t)

	conn := connect(t, dsn)
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM kept").Scan(&n); err != nil || n != 2 {
		t.Errorf("after a stop and a kill there are %d rows of 2: %v", n, err)
	}
}

func write(t *testing.T, dsn, sql string) {
	t.Helper()
	if _, err := connect(t, dsn).Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}
