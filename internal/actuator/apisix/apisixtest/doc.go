// Package apisixtest answers as an Apache APISIX does where adapters ask it: with
// the codes, texts, delays and races that its documentation and its source tell
// of (apisix/admin, apisix/core/etcd.lua, apisix/control/v1.lua, of 3.x). It is a
// map with a clock of its own, so that nothing sleeps.
//
// The Admin API (Server.Admin)
//
//   - wants X-API-KEY: 401 "failed to check token" without the right one, and for
//     all but GET with that of a viewer;
//   - knows routes and upstreams: 404 for other resources, 405 for methods that
//     they do not have;
//   - checks what is written: 400 "invalid configuration", unknown plugins and
//     invalid ttl among it;
//   - fills in defaults, create_time and update_time;
//   - PUT is blind: 201 for a new object, 200 for one that was there; DELETE 200 or
//     404 "Key not found";
//   - PATCH replaces the part that its path names, or merges the whole (null
//     deletes, lists are replaced); it reads, and writes only over what it has read:
//     503 "value changed before overwritten" where that was lost (Server.Race);
//   - ?ttl deletes the object at its time, whatever it is;
//   - 503 with the text of an error of etcd's, when told (Server.Fail).
//
// The control API (Server.Control) has /v1/route, /v1/upstream and /v1/healthcheck
// as a node has them that follows Delay later. So does what it answers to traffic
// (Server.Traffic): the route of the highest priority, its plugins
// fault-injection, limit-count, api-breaker and traffic-split, and the name of the
// node that a request would have gone to, by weight.
//
// It does not imitate services, consumers, global rules, hosts, methods or
// variables of routes, and serves no request.
package apisixtest
