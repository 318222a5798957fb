// Package pyrra reads and writes ServiceLevelObjective documents of Pyrra,
// pyrra.dev/v1alpha1, alone or in a List.
//
// What a document means here:
//
//   - The service is the value of the label pyrra.dev/service, else that of
//     app.kubernetes.io/name, else the namespace, else "pyrra".
//   - Labels and annotations whose names begin with pyrra.dev/ go to series and
//     alerts without that prefix, as Pyrra has it; the others go nowhere.
//   - ratio and latency count two selectors; latencyNative reads one histogram,
//     classic or native; a sample of bool_gauge is good from 1 upward.
//   - The tiers fastBurn, mediumBurn, slowBurn and longTermBurn are page_fast,
//     page_slow, ticket_fast and ticket_slow. The severity of the alert that
//     samples are absent stands beside theirs, under SeverityAbsent.
//
// What only shapes Pyrra's rules (performanceOverAccuracy, ruleOutput,
// partial_response_strategy) is read, and a warning says so.
package pyrra
