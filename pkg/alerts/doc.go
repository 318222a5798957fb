// Package alerts decides when an error budget burns too fast: the tiers of
// multi-window multi-burn-rate alerting (Google SRE Workbook, chapter 5), the
// low-traffic gate, and the state machine that turns burn into alerts.
//
// Everything is pure. Step takes the state, what was observed and the time,
// and returns the new state and the events between the two; nothing here
// reads a clock or sends a message.
//
// What the state machine promises:
//
//   - One alert per instance and severity. While it fires, the tier that
//     holds it may change; the alert's identity does not.
//   - Comparisons are strict: a burn rate equal to the factor never fires.
//   - Missing data is not good data and not bad data: without samples nothing
//     fires and nothing resolves, until the holding tier's long window has
//     passed.
//   - What cannot be told from so few events is not told: the tier waits, and
//     says so.
package alerts
