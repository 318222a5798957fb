// Package budget keeps the error budget of one SLO instance: how many events
// were good and bad in any window, how fast the budget burns, how much is left
// and when it will be gone.
//
// The heart is the Ledger, a ladder of rings that hold cumulative counts. Its
// guarantees, as axioms:
//
//  1. Every event counted lies at its own time, never at the time it arrived.
//  2. Window(at, w) is exactly the events in (start, end], where start and end
//     are at-w and at rounded down to the edges of the ladder's slots.
//  3. Whole numbers up to 2^53 stay whole: nothing is averaged, extrapolated
//     or rescaled. Fractions are exact to the last bits of a float64.
//  4. Late events change every window they belong to, and no other.
//  5. A pinned time is as exact as the second in which it was counted, however
//     long ago. What is left out of a reading (Net) stays in the ledger.
//
// The package has no clock, no goroutine and does no I/O; a Ledger belongs to
// one goroutine.
package budget
