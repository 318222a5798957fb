// Package slogenerator reads ServiceLevelObjective documents of Google's
// slo-generator, sre.google.com/v2, whose data is in Prometheus, and the shared
// configuration beside them.
//
// What a document means here:
//
//   - The service is the label service_name. The name is feature_name and
//     slo_name, joined by a hyphen, where there is a service_name and a slo_name;
//     else it is metadata.name, which slo-generator wants to be unique. Without
//     service_name the service is "slo-generator". The labels that went into
//     the name of the service and the SLO are not labels any more; the others
//     go to series and alerts.
//   - good_bad_ratio counts two selectors; distribution_cut one bucket of a
//     histogram and its count; query_sli a share of good events: where it is one
//     counter divided by another these are counted, else the share of bad events
//     is one minus it. [window] is the range that is looked at.
//   - The steps of the error budget policy are the alert tiers: a step that
//     alerts is critical, one that does not wakes nobody. A twelfth of a step's
//     window says that it still goes on, which slo-generator does not ask. The
//     longest step is the window of the SLO, which has none of its own.
//
// The shared configuration says neither apiVersion nor kind: it is the document
// with error_budget_policies. Without one the default policy is that of
// slo-generator's own examples.
//
// What has another backend than prometheus is named and not measured here.
package slogenerator
