// Package etcd changes a gateway of the user's own that takes its configuration
// from keys below a prefix of etcd. What a person has written there is never
// touched: an action lays an overlay beside it, and its undo takes that away.
//
// # The keys
//
// People and their tools write, below the prefix (here /gateway):
//
//	/gateway/weights/checkout      {"v1": 90, "v2": 10}     the members of a group
//	/gateway/route/pay             {"state": "open"}        or {"state": "closed", "status": 503}
//	/gateway/rate/pay              100                      requests a second; no key: no limit
//	/gateway/dependency/inventory  {"breaker": "closed"}    or {"breaker": "open", "status": 503}
//	/gateway/health/checkout       {"v1": true}             who is well, if the gateway checks
//
// Shift, eject and drain are about a group: a member that is ejected or drained
// has weight 0, so it gets no new requests. The others are about the route or the
// dependency of that name. Fields beside those named here are kept.
//
// An action writes
//
//	/gateway/overlay/weights/checkout  {"action": "…", "over": 12, "expires_at": "…", "value": {"v1": 100, "v2": 0}}
//	/gateway/done/weights/checkout     {"action": "…", "value": …}   what was done there last, for people
//	/gateway/epoch                     8                             of the engine that leads
//
// and what of it holds the gateway decides by three rules:
//
//   - the value of an overlay stands in the place of the document below it,
//   - as long as over is that document's mod_revision (0: there is none), and
//   - until expires_at, if there is one, by the gateway's own clock.
//
// The second rule is what keeps people in charge: whoever writes the document has
// the last word in that moment, whether the engine lives or not.
//
// A gateway of several nodes may have each of them report how far it is, below
// /gateway/node/NAME as {"revision": 12}, best with a lease of its own: then the
// engine waits for the last of them.
//
// # What it guarantees
//
// Each write is one transaction: it compares the revisions of document, overlay
// and epoch with those that were read, and puts or deletes the overlay, so there
// is no window in which somebody's write can be lost, and an engine that leads no
// more can write nothing. Renewing changes no value, and is not fenced. A change
// survives restarts of etcd and gateway.
//
// A change that is to end without the engine has a lease, and expires_at beside
// it. A lease is a lower bound only: etcd gives leases their full time again when
// its leader changes, unless it runs with --experimental-enable-lease-checkpoint,
// and it deletes keys up to a second late. The rule about expires_at makes the
// end exact, as far as the clocks of engine and gateway agree.
//
// All overlays of a prefix share one epoch: a prefix belongs to one engine, or to
// several with one state store.
package etcd
