// Package statetest says what a remediation.Store does: Run holds for every one
// of them, Agree plays the same random calls to two and compares the answers.
// Memory is one that forgets, for tests of whoever uses a Store.
package statetest
