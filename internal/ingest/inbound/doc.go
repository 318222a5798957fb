// Package inbound takes alerts that others raise, as Alertmanager's webhook sends
// them (version 4), and hands them to remediation's Inbox.
//
//	POST /api/v1/alerts
//	Content-Type: application/json
//
//	{"version": "4", "receiver": "slo-engine", "status": "firing", "alerts": [
//	  {"status": "firing", "labels": {"alertname": "Retransmits", "node": "n1", "severity": "critical"},
//	   "startsAt": "2026-03-01T12:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "c8c1…"}]}
//
// A message is not one alert: it holds what fires and what has ended, and comes
// again, late, or from several Alertmanagers. Each alert is taken by itself.
//
// What it promises to a sender:
//
//   - 200 is said when all of it is on disk. What the sender then says again
//     changes nothing.
//   - Load is never answered with 4xx, which Alertmanager does not repeat: an
//     engine that is busy, has no room or whose state is away answers 503 with
//     Retry-After.
//   - An alert that cannot be hurts only itself: the others are taken, and it is
//     named in the answer. 400 is for a message of which nothing could be read.
//
// What a message may take is bounded: its bytes, its alerts, their labels, and
// what all requests at once may hold.
//
// With a secret, only messages count that are signed with it, as the engine's own
// are (package hook): not changed, and not older than five minutes. Within those a
// message that is sent again says what is known. Alertmanager itself signs
// nothing; it is let in by a role and a token.
package inbound
