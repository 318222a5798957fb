package actuator

import "errors"

// The ways in which an actuator fails. Every error of one wraps exactly one of
// these; the rest of its text is the gateway's own.
var (
	// ErrConflict: something else is live than what was to be replaced. Nothing
	// was written.
	ErrConflict = errors.New("the live value is another one")
	// ErrMissing: the gateway has no such target. Nothing was written.
	ErrMissing = errors.New("the gateway has no such target")
	// ErrRefused: the gateway understood and said no. Nothing was written, and
	// asking again would change nothing.
	ErrRefused = errors.New("the gateway refused")
	// ErrUnavailable: it could not be reached, or is busy. Nothing was written;
	// it may be asked again.
	ErrUnavailable = errors.New("the gateway is not available")
	// ErrUncertain: it was asked and has not answered. Only Read tells whether
	// it was written.
	ErrUncertain = errors.New("the gateway did not answer: whether it was written is not known")
	// ErrFenced: another engine leads. Nothing was written, and nothing may be.
	ErrFenced = errors.New("another engine leads")
	// ErrGone: what was to be renewed has been taken back already.
	ErrGone = errors.New("the gateway has taken it back")
	// ErrUnsupported: the gateway does not know this kind of action.
	ErrUnsupported = errors.New("the gateway cannot do this")
)
