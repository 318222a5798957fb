// Package native is the engine's own dialect of Prometheus rules, for people
// who leave, or who want the same numbers from Prometheus alone.
//
// Each minute the bad and all events of the last five minutes are recorded.
// Longer windows add those counts up and divide once: they are ratios of
// counts. An average of recorded ratios, as other rules take it, weighs a quiet
// hour of the night like a busy one. Neighbouring records overlap; so no event
// falls between two of them, and what that counts too often cancels in the
// ratio. Windows of up to an hour are read from the SLI itself, because the
// overlap would let them see an outage late.
//
// Series have the names of the engine's /metrics/slo where they mean the same:
// slo_objective_ratio, slo_burn_rate, slo_coverage_ratio and
// slo_error_budget_remaining_ratio. The alerts are the engine's by name, labels
// and tiers, and compare as it does: what was not observed counts as good, and
// a tier needs five bad events. What Prometheus cannot say is left out: the
// statistical bound for low traffic, the forecast of exhaustion, top
// contributors, and the instance ids of groups: slo_id is the SLO's.
package native
