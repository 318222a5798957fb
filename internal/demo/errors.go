package demo

import "errors"

// What can keep the loop from closing; Run wraps them with the details.
var (
	// ErrNotReady: the engine does not answer, or does not show the demo's SLOs.
	ErrNotReady = errors.New("the engine is not ready for the demo")
	// ErrNoGateway: the gateway, or the program that makes its traffic, is gone.
	ErrNoGateway = errors.New("the gateway of the demo cannot be asked")
	// ErrNotCounted: traffic flowed and the engine counted none of it.
	ErrNotCounted = errors.New("the engine counted no events")
	// ErrPagedEarly: a page fired while everything was well.
	ErrPagedEarly = errors.New("a page fired before anything was broken")
	// ErrActedEarly: the engine changed the gateway while everything was well.
	ErrActedEarly = errors.New("the engine acted before anything was broken")
	// ErrNotDetected: v2 failed and the heal tier never fired.
	ErrNotDetected = errors.New("the burn was never detected")
	// ErrNotHealed: the heal tier fired, and the engine did not take v2 out of
	// the traffic, or its action went wrong.
	ErrNotHealed = errors.New("the engine never healed the shop")
	// ErrNotProved: the gateway has the action, and the engine never saw it help.
	ErrNotProved = errors.New("the engine never saw that its action helps")
	// ErrNotUndone: v2 was repaired, and the action was not taken back.
	ErrNotUndone = errors.New("the engine never took its action back")
	// ErrNotResolved: all is as it was before, and a page goes on.
	ErrNotResolved = errors.New("the alert never resolved")
	// ErrCountsDiffer: the engine's counts are not those of the shop.
	ErrCountsDiffer = errors.New("the engine's counts differ from what the shop served")
)
