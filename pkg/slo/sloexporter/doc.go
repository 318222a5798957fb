// Package sloexporter reads what slo-exporter's SLOs are made of: rule files,
// which say which events are failures, and the files of its slo-rules-generator,
// which say what is promised.
//
// Neither says what it is. A rule file is known by its only field, rules, and
// the other by nothing: its fields are the names of domains. Beside other
// documents that is too little to go by, so that these files are not read from
// folders of SLOs: Read is told what they are.
//
// What they mean here:
//
//   - Each domain, class and slo_type with a threshold is an SLO: the domain is
//     the service, the class and the slo_type, joined by a hyphen, are the name.
//   - slo-exporter goes on to make events of logs and metrics, and to judge them
//     by its rules. The engine counts its counters,
//     slo_domain_slo_class:slo_events_total, in place of recording rules over
//     four weeks; the result is "fail" or "success". The rules tell how the SLO
//     is to be described, and whether there are events of it at all.
//   - The window is four weeks. The alerts are those of slo-exporter's own
//     rules: 13.44 over an hour, 5.6 over six, 2.8 over a day and 1 over three
//     days, or burn_rate_thresholds; they are off unless the domain is enabled.
package sloexporter
