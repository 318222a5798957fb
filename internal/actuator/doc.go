// Package actuator is how a gateway is changed: the small interface that every
// gateway's package below this one implements, and the words for what they
// promise. Package actuatortest holds the suite that all of them pass.
//
// An actuator reads, and writes one value in place of another; it decides
// nothing, remembers nothing and repeats nothing. What to do, when, whether it
// helped and when it is taken back is said by internal/remediation, which has
// written down how to undo a change before it asks for it.
//
// A value is the part of a gateway's configuration that an action changes, as
// JSON in the gateway's own words: the weights of a backend's servers, or the
// object that an action adds (null while there is none). What was there before
// is a value, too; to undo is to write that.
package actuator
