package state_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/internal/store/state"
	"github.com/slo-engine/slo-engine/internal/store/state/statetest"
	"github.com/slo-engine/slo-engine/test/lab"
)

// scale makes the tests longer: 1 is for every day.
var scale = flag.Int("prove.scale", 1, "how often to kill and to race, in units of a short test")

func TestMain(m *testing.M) {
	if os.Getenv(workFor) != "" {
		work()
		return
	}
	goleak.VerifyTestMain(m)
}

// open opens a store that is closed with the test.
func open(t testing.TB, o state.Options) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a test that cares closes it itself
	return s
}

// file is the DSN of an SQLite file that is not there yet.
func file(t testing.TB) string { return filepath.Join(t.TempDir(), "state.db") }

// fresh is the DSN of an empty database.
type fresh func(testing.TB) string

// both are the tests that SQLite and PostgreSQL have to pass.
var both = []struct {
	name string
	test func(*testing.T, fresh)
}{
	{"Conformance", testConformance},
	{"Gates", testGates},
	{"GatesOfSeveralEngines", testGatesOfSeveral},
	{"GatesAreAudited", testGatesAreAudited},
	{"ManyVerdicts", testManyVerdicts},
	{"AgreesWithMemory", testAgreesWithMemory},
	{"OneEngineWins", testOneEngineWins},
	{"Killed", testKilled},
	{"Locked", testLocked},
	{"ReadOnly", testReadOnly},
	{"Cancelled", testCancelled},
	{"AuditIsAppendOnly", testAuditIsAppendOnly},
	{"TamperingShows", testTamperingShows},
	{"IndexesHold", testIndexesHold},
	{"FromVersion1", testFromVersion1},
	{"Versions", testVersions},
	{"ManyOpen", testManyOpen},
}

func TestSQLite(t *testing.T) {
	for _, c := range both {
		t.Run(c.name, func(t *testing.T) { c.test(t, file) })
	}
}

func TestPostgreSQL(t *testing.T) {
	server, schemas := lab.StartPostgres(t), 0
	schema := func(t testing.TB) string { // it is made faster than a database
		schemas++
		name := fmt.Sprint("schema", schemas)
		server.Exec(t, "CREATE SCHEMA "+name)
		return server.DSN + "&search_path=" + name
	}
	for _, c := range both {
		t.Run(c.name, func(t *testing.T) { c.test(t, schema) })
	}
}

func TestMemory(t *testing.T) {
	statetest.Run(t, func(*testing.T) remediation.Store { return statetest.NewMemory() })
}

func testConformance(t *testing.T, fresh fresh) {
	statetest.Run(t, func(t *testing.T) remediation.Store { return open(t, state.Options{DSN: fresh(t)}) })
}

func testAgreesWithMemory(t *testing.T, fresh fresh) {
	for seed := range uint64(3 * *scale) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { // a store is closed when its test ends, and a server has only so many places
			statetest.Agree(t, seed, 400, statetest.NewMemory(), open(t, state.Options{DSN: fresh(t)}))
		})
	}
}
