// Package embedded runs Alertmanager's own packages inside this process:
// routing, grouping, silences, inhibition and notification as its users know
// them, configured by the standard alertmanager.yml, served as API v2.
//
// An [Alertmanager] is an [alertmanager.Sender] as well: the engine's
// dispatcher puts alerts straight into its memory. What it promises:
//
//   - A silence that was answered survives a crash: the answer waits until the
//     snapshot with it is on disk.
//   - What was notified is remembered within fifteen seconds and across a
//     restart, so that a restart does not page again.
//   - A configuration is applied whole or not at all.
//   - Several of them live in one process; none touches a global registry.
//
// Alerts themselves are not stored: the dispatcher sends what fires again.
// There is no cluster, no web interface and no tracing of its own here. Who may
// call the handler is decided by whoever serves it.
//
// The one thing that belongs to the process is the matcher syntax of
// Alertmanager's libraries, which is set to that of its binary (UTF-8 first,
// classic as the fallback) when the first instance is made.
package embedded
