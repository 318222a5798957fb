// Package tyk changes a Tyk Gateway 5.x that keeps its APIs in files, over the
// Gateway API.
//
// There is one kind of target, an API ("api checkout"). Its value are the parts of its
// definition that actions change, by name:
//
//	{
//	  "targets": {"http://10.0.0.1": 3, "http://10.0.0.2": 1},
//	  "rateLimit": {"enabled": true, "per": "1s", "rate": 50},
//	  "mockResponse listItems": {"code": 503, "enabled": true}
//	}
//
// Shift changes the weights of the load balancer's targets, eject and drain make one
// 0; rate limits are those of the API (route "*") or of an operation; close has an
// operation answer a status as a mock response, and breaker all operations of the API
// that is the dependency. An operation is named by the operationId of the OpenAPI
// description. It is one target, because Tyk can only be given whole definitions:
// two actions on one would undo each other.
//
// A classic definition, which knows no operations, has "target_list" and
// "global_rate_limit": there a target cannot be kept without traffic, so that all of
// it cannot be shifted and nobody ejected.
//
// A write reads the definition that is loaded, changes the parts, PUTs the whole, and
// asks for a reload: of all gateways of the group, unless it is to be this one's alone,
// and then of this one, which is waited for. Plans show the parts, and the SHA-256 of the whole that is PUT: a definition
// may hold secrets.
//
// # What it guarantees
//
// Tyk compares nothing: the definition is read immediately before the PUT. What
// somebody else PUTs in the milliseconds between is overwritten. So is what somebody
// else has PUT and not reloaded: Tyk shows nobody what its files say, only what is
// loaded.
//
// Definitions are files and survive a restart. Nothing expires by itself.
//
// # When it has taken effect
//
// Tyk reloads once a second, when it was asked to. Until then a read shows what was
// there before. Each gateway in nodes is asked what it has loaded; one that has
// something else, or does not answer, is unsettled. A reload that is refused has the
// old definition PUT back, because the next reload, of whoever it is, would bring
// the new one. Where the answer to a PUT is lost, or Tyk goes away between the PUT and
// the reload, that stays possible, and nothing shows it: until something is written
// again, which is a PUT and a reload, too.
//
// # Weights
//
// Tyk repeats each target as often as it weighs: weights are the smallest whole
// numbers that come within half a percent of the shares.
package tyk
