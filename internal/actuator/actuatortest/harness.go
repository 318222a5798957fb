package actuatortest

import (
	"context"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// Harness is an adapter and its gateway, as the suite needs them.
type Harness struct {
	// Start gives a gateway in its first state, which ends with the test. It is
	// called for each check; one that is dear to start may be handed out again
	// after it has been put back.
	Start func(t *testing.T) *Gateway
	// Actions are what the gateway can do, at least one of each of its Kinds,
	// without ID, Epoch and Expires. Each must change something in its first
	// state.
	Actions []actuator.Action
	// Elsewhere are kinds that another harness of the adapter has actions of.
	Elsewhere []actuator.Kind
	// Missing are actions about members, routes or dependencies that the gateway
	// does not have.
	Missing []actuator.Action
	// Blind says that nothing can be read of the gateway: Read answers
	// ErrUnsupported, and what people change is not seen.
	Blind bool
	// Lease is how long a change lasts that is not renewed, where the gateway
	// takes it back by itself. 0: 3 s.
	Lease time.Duration
	// Secrets must not be seen in plans, exchanges or errors.
	Secrets []string
}

// Gateway is a running one, with the means to look at it and to trouble it. Open
// and Look are needed. What else is nil the suite does not check, and says so.
type Gateway struct {
	// Open gives an adapter as a process has it that has just started.
	Open func(t testing.TB) actuator.Actuator
	// Look is everything that actions can change at the gateway, found by other
	// means than an adapter. Equal texts mean that nothing was changed.
	Look func(ctx context.Context) (string, error)
	// Effect asks by traffic whether an action is in force. The error says what
	// was seen.
	Effect func(ctx context.Context, a actuator.Action) (inForce bool, err error)
	// Disturb changes what an action is about, as a person does: to what is
	// neither there before nor what the action writes. It returns when that is
	// live.
	Disturb func(t testing.TB, a actuator.Action)
	// Restart ends the gateway and starts it again. It returns when it is ready.
	Restart func(t testing.TB)
	// Down makes it unreachable until up is called.
	Down func(t testing.TB) (up func())
	// Hang lets the next write be carried out and its answer be lost, until end is
	// called: the adapter waits in vain.
	Hang func(t testing.TB) (end func())
	// BeforeWrite has do run once, when the next write has left the adapter and has
	// not arrived at the gateway. It is needed where Guarantees say Compare.
	BeforeWrite func(t testing.TB, do func())
	// Faults are further ways to fail.
	Faults []Fault
	// Advance lets time pass where the gateway has a clock of its own, and Now is
	// that clock. Nil: it is that of the wall, and the suite waits.
	Advance func(d time.Duration)
	Now     func() time.Time
}

// Fault is a way in which a gateway does not do what it is asked.
type Fault struct {
	// Name says how, such as "409" or "a busy gateway".
	Name string
	// Set makes it fail from the next write on, until end is called.
	Set func(t testing.TB) (end func())
	// Want is the error of package actuator that the adapter must give.
	Want error
}
