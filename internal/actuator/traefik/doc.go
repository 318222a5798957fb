// Package traefik changes a running Traefik by overlays: routers of our own that
// have the rules of others and a higher priority, in a file that Traefik watches
// or under its keys in an etcd. What is there already is never touched, whatever
// provider it comes from; to take an overlay away is to undo it.
//
// There are three kinds of targets, all named as Traefik names things, with
// their provider.
//
// A weighted service ("service checkout@file") has the weights of its members as
// its value, and the overlay, null while there is none: routers like those that
// lead to it, and a weighted service with other weights over the same members.
// Shift, eject and drain change those. The members' own weights are in the value
// so that a person's change of them is seen.
//
// A router ("router pay@docker") is closed by one like it with an ipAllowList
// that lets nobody in and answers a status, or limited by one with a rateLimit.
// The value is the overlay.
//
// A dependency ("dependency inventory@file") is a service of any type that is not
// called any more: all routers that lead to it are closed. A breaker that
// Traefik opens by itself (circuitBreaker) would try again by itself, too.
//
// # What it guarantees
//
// A file is read immediately before it is written, and nobody else is expected
// to write it: a new one comes into being whole or not at all, and not over
// another. What a person changes in it between the look and a write is
// overwritten; what they change elsewhere never is.
//
// In etcd all keys of an overlay are written in one transaction, which compares
// the revision of each of them and the epoch of the engine that leads: who leads
// no longer writes nothing, and a change by anybody else meanwhile is a conflict.
// They have a lease when the playbook wants that Traefik takes the change back
// without the engine. etcd counts a lease anew when its leader changes, so it may
// end later than was asked for, never sooner.
//
// Both survive a restart of Traefik. A node takes over what is new after its
// throttle (providersThrottleDuration, 2 s if nothing else is said); what each
// node really has is read from its API, and a node that has something else is
// not settled.
//
// # Priorities
//
// The overlay's priority is one above that of the router it stands for. A router
// whose rule matches the same requests and whose priority is exactly that one is
// as good then: give routers that overlap priorities that differ by more.
// Overlays do not stand over each other: what has one already is refused.
package traefik
