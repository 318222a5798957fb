// Package apisix changes an Apache APISIX over its Admin API. Requests are
// answered when etcd has the change; the nodes that carry traffic follow within
// a second.
//
// There are two kinds of adapters, by what the settings name.
//
// With an upstream, or a route whose plugin traffic-split spreads requests over
// upstreams, Shift, Eject and Drain change the weights of that object itself, by
// PATCH of the smallest part that holds them: the members are nodes as host:port,
// or upstreams by their ids. To undo is to write the weights of before. Nothing
// of it expires by itself: APISIX can only delete an object at its time, and that
// of a user is never given one.
//
// Without them, CloseRoute, RateLimit and Breaker lay another route over the one
// that they name: a copy with one plugin more, a priority higher by one, and the
// id slo-ID. To undo is to delete it. With a ttl etcd deletes it by itself.
//
//	close, breaker   fault-injection: answers the status by itself
//	breaker, trip    api-breaker: answers it while the dependency fails
//	rate limit       limit-count: so many a second on each node, 429 beyond
//
// The breaker's dependency is the route by which it is called. The copy is made
// of what the route is at the time of the write, so that what else it does, such
// as asking for a key, stays. Its plugins may hold secrets: a value names the
// action, what it does, and a hash of the route, and never the copy.
//
// # What it guarantees
//
// The Admin API compares nothing that a client could say: PUT and DELETE are
// blind, and PATCH compares with what it has just read itself, which is how it
// answers 503 "value changed before overwritten": a conflict. So the adapter
// looks right before it writes; what somebody else writes in the milliseconds
// between is lost.
//
// A change survives restarts: it is in etcd. A person's change to a route below
// an overlay is seen (the hash differs), and makes the action contested; the
// overlay covers it until it is deleted or its ttl is over.
//
// ttl is an etcd lease: at its end the key is deleted up to a second late, and
// later by a whole lease each time that etcd's leader changes.
//
// 400, 401, 403 and 405 are a no; 404 a target that is missing; 503 is a conflict,
// a busy gateway or an uncertain answer by its text; 500, 502 and 504, and no
// answer at all, leave open what was done. Redirects are not followed, proxies of
// the environment are not used, and link-local addresses are not called.
package apisix
