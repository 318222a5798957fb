package auth

import (
	"context"
	"slices"
)

// Role is a set of things that somebody may do.
type Role string

// The roles.
const (
	// Viewer reads everything, and asks gates.
	Viewer Role = "viewer"
	// Ingest sends samples, spans and log records.
	Ingest Role = "ingest"
	// Alert sends alerts and deploy events.
	Alert Role = "alert"
	// Operator decides about actions, pauses, breaks glass, reloads, silences;
	// and all that viewers may.
	Operator Role = "operator"
	// Admin may do everything.
	Admin Role = "admin"
)

// Identity is somebody. The zero value is nobody, who may do nothing.
type Identity struct {
	// Name is what the audit calls them.
	Name  string
	Roles []Role
}

// Local is everyone where there is no auth and only this machine can ask.
var Local = Identity{Name: "local", Roles: []Role{Admin}}

// Anonymous is what those are called who show no credentials.
const Anonymous = "anonymous"

// May reports whether somebody has a role, or one that includes it.
func (i Identity) May(role Role) bool {
	return slices.ContainsFunc(i.Roles, func(has Role) bool {
		return has == role || has == Admin || has == Operator && role == Viewer
	})
}

type key struct{}

// With is a context in which somebody asks.
func With(ctx context.Context, i Identity) context.Context {
	return context.WithValue(ctx, key{}, visitor{Identity: i})
}

// From is who asks; the zero Identity where nobody was let in.
func From(ctx context.Context) Identity { return visitorOf(ctx).Identity }
