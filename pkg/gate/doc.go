// Package gate answers one question: may this change ship, given what is left of
// the error budgets? It is pure: what is known of the budgets, a policy and a
// request go in, a verdict with its reasons comes out. Time is an argument.
//
// A verdict is allow, hold (not now), deny or unknown. Unknown is neither yes nor
// no: a service that nobody measures, one that has just begun, or one of which
// nothing has been heard lately must neither let everything through nor stop every
// rollout; whoever asks says what it means to them.
package gate
