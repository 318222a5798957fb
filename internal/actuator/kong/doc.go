// Package kong changes a Kong Gateway 3.x that keeps its configuration in a
// database, over the Admin API.
//
// There are three kinds of targets.
//
// An upstream ("upstream checkout") has the weights of its targets as its value.
// Shift changes weights; eject and drain set one to 0, which in Kong is the same:
// no new request goes there, and those under way end. It is one target, because a
// person's change of any weight changes everybody's share.
//
// A plugin ("plugin rate-limiting route pay", "plugin request-termination service
// inventory") limits a route, closes one, or answers in place of a dependency's
// service, which is as open as a breaker can be: Kong has no call to force one. Its
// value is null, or the plugin's id, whether it is enabled, and the settings that an
// action changes. A plugin that an action adds has an id computed from the action's,
// and the tag slo-action:<id of the action>. Where the route or service has that
// plugin already (Kong allows one), it is changed, and undo puts its settings back.
//
// The health of a target ("health checkout 10.0.0.2:8080"), with ejectBy: health, is
// marked as unhealthy in the memory of all nodes, as Kong's own checks do.
//
// # What it guarantees
//
// The Admin API compares nothing: the value is read immediately before the write,
// and again after it. What somebody else writes in the milliseconds between the
// first read and the write is overwritten.
//
// A change of one weight is one request. Shifts are made of one where they can be:
// of all of an upstream's weights only the giver's changes. A shift from one to
// another of three or more targets takes two requests, and weights that are too
// coarse for a share are multiplied, with a request each. These leave at once; where
// Kong refuses some of them, the others are put back. An engine that dies between
// them leaves weights that are neither the old nor the new ones: then the action is
// contested, and people are called.
//
// Weights and plugins are in the database and survive everything; health does not
// survive a restart of Kong, and active checks that succeed take it back. Nothing
// expires by itself.
//
// # When it has taken effect
//
// Nodes take changes over from the database within db_update_frequency, and their
// workers within worker_state_update_frequency, both 5 s where they are not set. Of
// weights and health each node in nodes is asked what its balancer has; one that has
// others, or does not answer, is unsettled. A node answers for one of its workers:
// the others may take until their next turn. The control plane of a hybrid Kong has
// no balancers, and tells nothing of those of its data planes: do not list it.
//
// What a node's workers have of plugins cannot be asked: after a change they count as
// unsettled until both times have passed by Kong's own clock. When a plugin is gone
// nothing tells since when.
//
// # What it cannot do
//
// Kong without a database takes only whole documents: plans for one are refused with
// ErrUnsupported. The latency algorithm looks at no weights. SRV records have weights
// of their own, of which 0 is 1: do not shift or eject targets that are such. A
// plugin on a route takes the place of the same plugin on its service or for
// everything, on that route.
package kong
