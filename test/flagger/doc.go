// Package flagger holds the release gate against Flagger: the caller of its webhooks
// and its controller read the very file of deploy/flagger and ask the engine's own
// HTTP face. It is a module of its own so that the engine does not depend on that
// controller.
package flagger
