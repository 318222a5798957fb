// Package apitypes holds the JSON documents of the HTTP API, shared by the
// server (package api) and its clients, so that neither can drift.
//
// A number that is not known is nil and written as null, never as 0. Ratios
// run from 0 to 1, durations are seconds, times are RFC 3339 in UTC with
// milliseconds. Maps and lists are never null.
package apitypes
