// Package oracle counts the events of an SLO the slow and obvious way, for
// tests to hold the engine against.
//
// It starts from the truth, the events of each process one by one, looks at
// the processes as their scrapes did, and applies the definitions of the
// design document to all samples at once, in the order in which they were
// taken. It knows no streams, no arrival order, no rings and no floats, and
// it shares no code with what it judges.
//
// What it leaves out: the estimate of a sample interval. A gap is long when it
// lasts for more than World.Gap; tests choose scrapes whose intervals leave no
// doubt about it.
package oracle
