// Package openslo holds package pkg/slo/openslo against the official library of
// the format: what we write it accepts, and what strict reading refuses it
// refuses, on our corpus and on random changes of it. It is a module of its own
// so that the engine does not depend on that library.
package openslo
