// Package alertmanager hands the engine's alerts to one or several
// Alertmanagers and keeps them informed for as long as an alert lives.
//
// It follows what Alertmanager expects of Prometheus:
//
//   - a firing alert is sent at once and then every resend interval, each time
//     with an end a few intervals ahead, so that it expires by itself should
//     the engine vanish;
//   - a resolved alert is sent with the time it ended, and again every interval
//     for fifteen minutes, so that an Alertmanager that was restarting learns
//     of it too;
//   - every Alertmanager gets every alert.
//
// The [Dispatcher] holds the alerts and decides, by the time it is told, which
// are due. Each [Sender] has its own lane: a bounded queue and one goroutine,
// so that an Alertmanager that is slow or away delays nobody else. A lane holds
// the newest version of each alert only and tries until it is delivered; an
// outage of an hour ends with the present state, not with its history. What
// concerns one SLO instance travels in one batch, so that an alert which
// resolves under old labels and fires under new ones never looks quiet in
// between.
//
// [Remote] is a sender for a user's own Alertmanager; the embedded one lives in
// the package beneath. [Silences] know what a user's own ones mute.
package alertmanager
