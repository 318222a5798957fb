// Package referee judges an SLO the slow and obvious way, for tests to hold
// the engine's alerts against: tiers, evidence, freeze and budget written
// again from docs/ARCHITECTURE.md, the decisions in docs/adr and the SRE
// workbook, without a look at pkg/alerts, pkg/budget or internal/engine.
//
// It is told in advance everything that will ever be sampled (a Tape), and
// asked again at each tick what was known by then. It keeps no window: each is
// the difference of two sums over all increments.
//
// What it leaves out: the forecast of the budget alert, and sample sets that
// arrive in parts.
package referee
