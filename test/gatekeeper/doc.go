// Package gatekeeper holds the release gate against Gatekeeper: its own target, its
// Rego driver and its client of external data evaluate the very files of
// deploy/gatekeeper and ask the engine's own HTTP face over TLS. It is a module of
// its own so that the engine does not depend on Gatekeeper.
package gatekeeper
