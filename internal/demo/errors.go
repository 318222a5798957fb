package demo

import "errors"

// What can keep the loop from closing; Run wraps them with the details.
var (
	// ErrNotReady: the engine does not answer, or does not show the demo's SLOs.
	ErrNotReady = errors.New("the engine is not ready for the demo")
	// ErrNotCounted: traffic flowed and the engine counted none of it.
	ErrNotCounted = errors.New("the engine counted no events")
	// ErrPagedEarly: a page fired while everything was well.
	ErrPagedEarly = errors.New("a page fired before anything was broken")
	// ErrNotPaged: v2 failed and no page fired in time.
	ErrNotPaged = errors.New("the alert never fired")
	// ErrNotDelivered: the page fired and never appeared in Alertmanager.
	ErrNotDelivered = errors.New("the alert never reached Alertmanager")
	// ErrNotResolved: v2 was rolled back and the page went on.
	ErrNotResolved = errors.New("the alert never resolved")
	// ErrCountsDiffer: the engine's counts are not those of the shop.
	ErrCountsDiffer = errors.New("the engine's counts differ from what the shop served")
)
