// Package caddy changes a running Caddy over its admin API. Caddy checks a
// change, loads the new configuration beside the old one and answers when it is
// in force; where it cannot load it, it goes on with the old one.
//
// There are two kinds of targets.
//
// A reverse proxy ("proxy checkout", "proxy /config/apps/…/handle/0") is a
// reverse_proxy handler, by its @id or by where it stands in the configuration.
// Its value is its selection policy and the addresses of its upstreams: weights
// count by position, so a person's change of either must be seen. Shift, eject
// and drain make the policy weighted_round_robin; upstreams of weight 0 get
// nothing new and finish what they have, so that eject and drain are one thing.
//
// A route ("route pay", "route /config/apps/…/routes shop.example/pay/*") is
// closed by a route of our own before it, which answers a status: that is the
// value, null while there is none. A route that has an @id is named by it; its
// matchers are copied, and ours stands right before it. Any other is named as
// host and path, and ours is the first of the list in the settings. A breaker
// closes the route that leads to the dependency. What is ours has the group
// "slo-engine", and an @id with the action's id.
//
// # What it guarantees
//
// Every write carries an If-Match with the ETag of the smallest part that the
// value is in: the handler, or the list of routes. Caddy compares and writes
// under one lock, so nobody's change is overwritten. It compares the whole part:
// another change in the same handler or list at the same moment is a conflict,
// too, and the engine looks again.
//
// Nothing expires by itself: while the engine is dead, its change stays. Caddy
// saves each configuration (autosave.json), and reads it at its next start only
// if it is run with --resume; otherwise a restart, and a reload from a Caddyfile
// at any time, discard every change, and the engine sees that its own is gone.
// The setting resume says which of the two it is.
//
// # Weights
//
// weighted_round_robin serves in runs: with weights 60 and 40 the first upstream
// gets sixty requests in a row. So the smallest whole numbers are written that
// are within half a percent of the shares. Policies that send a client to the
// upstream it knows (ip_hash, cookie, header …) are not replaced: that would move
// everybody's sessions.
package caddy
