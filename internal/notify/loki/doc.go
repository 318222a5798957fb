// Package loki mirrors what the engine tells people, the transitions of alerts
// and the records of the audit, to a Grafana Loki, where they can be searched
// beside the logs of the services they are about.
//
// It is a convenience and never more. What holds:
//
//   - [Mirror.Put] waits for nothing. Where Loki is slow or away lines wait in a
//     bounded queue; when that is full the oldest go, and are counted. The
//     truth about the audit is its file.
//   - Alert transitions are only here and in the log, not in the audit file:
//     that one is flushed to disk before a change applies, which a storm of
//     alerts must not wait for, and what an alert goes by is in the journal.
//   - Labels have few values: job, kind, service and severity, with those that
//     the user adds. What there are many of (slo_id, group, tier, trace ids)
//     stands in the line, which is JSON.
//   - Lines keep their order. One is sent at least once: the client may not
//     hear that Loki took it, and Loki drops the repetition of a line that has
//     the same time and labels.
//
// Lines travel by Grafana's own client, loki-client-go, which encodes and sends
// them. It knows one schedule of retries, which cannot be interrupted, and
// tells nobody what became of a line; so it is given one attempt, its counters
// are read, and [Mirror.Run] decides. What it leaves behind: its counters
// (promtail_*) are in Prometheus's global registry, which the engine does not
// show, and two mirrors of one process to the same host would read each
// other's; its connections close by themselves, when Loki ends them or after
// five idle minutes.
package loki
