// Package arch holds the tests that pin the house rules: which package may
// import which and why, and what may not stand anywhere in the tree.
//
// A rule that stands in the way is changed here, in the same commit as the
// code that needs it, with its reason beside it.
package arch
