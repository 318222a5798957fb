// Package remediation decides what is done at gateways when an error budget
// burns, sees to it that it is done once, checks that it helped, and takes it
// back.
//
// An action is a Record that moves through States. Each move is decided purely
// (from the record, a snapshot, the policy and the time), then written to the
// Store, then carried out, so that after a crash at any point the next engine
// knows what may have happened and asks the gateway before it does anything.
// What a Decision is about is decided by Decide, what a gateway's plan is held
// against by the guards, what events prove by judge: all without a clock or a
// socket. A Runner carries it out; it reads a View of the engine, and imports
// none of it.
//
// Nobody else holds an action's state; the Store's transaction is what keeps two
// engines, or two alerts, from acting on one target. What others are told of a
// move is written in the transaction of the move.
//
// Alerts that others raise come through an Inbox: on disk before they are
// acknowledged, merged with what is known by merge, and part of the View like
// the engine's own. A Drill tries a playbook for real, in the same states and
// under the same guards, and leaves nothing.
package remediation
