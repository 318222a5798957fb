// Package audit remembers who changed what the engine goes by, and when: for
// people who ask, later, why a budget is what it is.
//
// A record is a line of JSON in a file of the data folder. What holds:
//
//   - Append returns nil when its records are durable, and they stay: a crash,
//     of the machine too, loses none of them. What a crash tore off was never
//     acknowledged, and is cut off.
//   - After an error the records are taken back. A disk that refuses that too
//     may show them once more, after a restart, if nothing else was written.
//   - Lines that cannot be read any more stay where they are: evidence is not
//     thrown away.
//
// The caller decides what an audit that fails means: see package app, where
// what cannot be audited does not apply.
package audit
