// Package kongtest is a stand-in for a cluster of Kong Gateways, for tests: the part
// of the Admin API that package kong uses, with the answers that Kong 3.x gives, and
// nodes that come to know of a change as late as Kong's do. Kong itself is built of
// OpenResty and Lua rocks, which no test machine can be expected to have.
//
// It follows Kong's documented API and its schemas:
//
//   - Targets: PATCH and PUT update (404 where there is none), POST adds (409 where
//     it is there), weights are 0 to 65535, /targets/all lists every one.
//   - Plugins: PUT on an id creates or replaces, PATCH merges config deeply and null
//     unsets, DELETE answers 204 whether it was there or not. Of one name there is
//     one for a combination of route, service and consumer: 409. What the schema does
//     not know is 400, and so is a longer period with a smaller number of requests.
//   - Health: PUT …/unhealthy is 204 and stays in memory; without health checks the
//     balancer does not look at it.
//   - Without a database every write but POST /config is 405; that knows check_hash
//     (304), 413, 429 with Retry-After while it loads, and 503 while it exits.
//
// The node that takes a write knows of it at once, the others at their next look at
// the database (each 5 s); balancers and plugins change when the worker builds them
// anew (each 5 s). Time passes only by Advance, and is in the Date of each answer.
package kongtest
