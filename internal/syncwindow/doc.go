// Package syncwindow keeps sync windows in an Argo CD project, so that Argo CD does
// not sync the applications of a service whose gate is shut.
//
// What the gate says becomes at most one window of kind deny for each service:
//
//	allow    none
//	hold     one that lets a person sync by hand (manualSync: true)
//	deny     one that lets nobody
//	unknown  what is there is left alone
//
// A window ends. It begins at a minute of this very day, lasts for a lease, and is
// written anew when half of that is over. An engine that is gone, or that does not
// know, stops nobody for longer; one that comes back finds its windows again.
//
// It touches only what it made. Its windows bear a mark in their description: the
// owner, whose gate it is, what it said, and a print of the window's other fields.
// Windows of others, and all else in the project, stay byte for byte. Every change
// is a JSON patch that holds for the version that was read, and no other.
//
// It fights with nobody. A window that somebody has edited is theirs until the gate
// allows again. One that somebody has taken away is put back after a while, and
// after the third time no more, until the gate has allowed in between. Both are
// told: in the log, in [Reconciler.States] and as a metric. A project that another
// controller keeps as it stands in Git has to be told to leave spec.syncWindows out.
package syncwindow
