// Package openslo reads and writes OpenSLO documents: openslo/v1,
// openslo.com/v2alpha, and openslo/v1alpha as Sloth reads it.
//
// A document of kind SLO becomes one Spec for each of its objectives. The only
// one of openslo/v1 and openslo.com/v2alpha is called as the document is; of
// several each is called name-displayName, where the display name, in lower
// case and with hyphens, is that objective's alone, or else name-1, name-2, …
// by its place. Those of openslo/v1alpha are called name-0, name-1, … even when
// there is one, as Sloth calls them.
//
// Objectives that have SLIs of their own make a composite besides, an SLO that
// is called as the document is. It promises what the strictest of them does:
// the format has no word for it. By the published text, under Occurrences its
// burn rate is the weighted mean of theirs, under Timeslices a slice is bad when
// any of them missed its promise in it, and under RatioTimeslices what they
// missed adds up. Slices are those of the objectives, the longest of them; under
// Occurrences a minute.
//
// Other kinds are parts: an SLO takes its SLI and the types of its data sources
// from them. A problem inside a part is said of the SLO's field that refers to
// it, followed by the part's name and the path there:
// spec.indicatorRef["requests"].spec.ratioMetric.total.metricSource.spec.query.
//
// What the engine makes of the methods: a threshold under Occurrences, and
// under slices whose target is less than all, counts samples; with Timeslices
// and a timeSliceTarget of 1 it counts slices, since one sample outside makes
// a slice bad. Months, quarters and years roll over 30, 90 and 365 days.
// Several values of one label are joined by commas.
//
// By default a document may break the rules of the published schema where its
// meaning is clear; each time there is a warning that says what was taken.
package openslo
