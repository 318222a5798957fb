package state

import "errors"

// The ways in which a database fails. What goes wrong there wraps one of these;
// nothing was written, but for ErrUncertain.
var (
	// ErrLocked: another process has held the database for all of
	// Options.Patience.
	ErrLocked = errors.New("another process holds the database")
	// ErrFull: the disk has no room, or the database may not grow.
	ErrFull = errors.New("the database has no room")
	// ErrReadOnly: the file may not be written, or the server is a standby.
	ErrReadOnly = errors.New("the database cannot be written")
	// ErrAway: nobody answers, for all of Options.Patience.
	ErrAway = errors.New("the database does not answer")
	// ErrUncertain: the answer to a commit is missing. Reading tells whether it
	// was written.
	ErrUncertain = errors.New("whether the database has written it is not known")
	// ErrDisk: the disk below the file fails.
	ErrDisk = errors.New("the database's disk fails")
	// ErrDamaged: the file is no database, or not one any more.
	ErrDamaged = errors.New("the database is damaged")
	// ErrNewer: a newer slo-engine has changed the tables. Nothing was touched.
	ErrNewer = errors.New("the database belongs to a newer slo-engine")
	// ErrTampered: the audit is not what was written.
	ErrTampered = errors.New("the audit was changed")
)

// reasons are the values of the label of slo_engine_state_errors_total.
var reasons = []struct {
	err  error
	name string
}{
	{ErrLocked, "locked"},
	{ErrFull, "full"},
	{ErrReadOnly, "read_only"},
	{ErrAway, "away"},
	{ErrUncertain, "uncertain"},
	{ErrDisk, "disk"},
	{ErrDamaged, "damaged"},
	{errEnded, "cancelled"},
	{errOther, "other"},
}

var (
	errEnded = errors.New("the caller has gone")
	errOther = errors.New("the database refused")
)

// trouble is what a driver said, by what it means.
type trouble struct {
	kind  error // one of reasons
	cause error
	// again says that trying again may help; nothing was written.
	again bool
}

func (t *trouble) Error() string {
	if t.kind == errEnded {
		return t.cause.Error()
	}
	return t.kind.Error() + ": " + t.cause.Error()
}

func (t *trouble) Unwrap() []error { return []error{t.kind, t.cause} }
