// Package auth says who asks, and what they may do: the words for it, and the
// door that every request of the HTTP port and of the OTLP receivers goes
// through. Who somebody is comes from Prometheus's web configuration (TLS, basic
// auth, client certificates) and from a file of hashed bearer tokens.
//
// What the door promises:
//
//   - Without auth configured everyone is Local; the ports are on loopback then.
//     As soon as a file is named, or roles for everyone, nobody is Local.
//   - Credentials that are shown must be right, also where none are needed: who
//     sends an outdated token is told, and not taken for somebody without one.
//   - A certificate names somebody only if it was verified by an authority that
//     the web configuration names.
//   - The files are read again when they change. One that cannot be used changes
//     nothing: what was known before holds, the log says why, and a metric shows
//     it. TLS cannot be switched on or off that way.
//   - Passwords are compared one at a time, and few wait for their turn: others
//     are answered "busy". One that was right is remembered by a keyed hash, so
//     that senders pay once.
//
// No secret is ever in a message, a log line or a metric.
package auth
