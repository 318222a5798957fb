// Package pyrra is the dialect of rules that Pyrra writes: the same groups,
// names, labels, expressions and times, so that its dashboards and alert
// routes go on working. Two things differ, because Pyrra's own do not load:
//
//   - With Options.PerformanceOverAccuracy the group of the rules over the whole
//     window is called <slo>-increase-long. Pyrra calls it <slo>-increase, like
//     the group of the short ones, and writes two files.
//   - An SLO whose window is shorter than 2d19h12m is an error. Pyrra rounds its
//     shortest range to 0s.
//
// Pyrra tells SLOs apart by their names alone; where several of a set share one,
// the label slo is service-name, and a warning says so.
//
// Pyrra knows bare selectors only. Simplify turns what means the same into
// them: sum(rate(selector[{{.window}}])), or a selector of good events that
// differs from that of all in one matcher.
package pyrra
