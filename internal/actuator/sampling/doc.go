// Package sampling has more traces of a service kept while a playbook wants it.
// Its gateway is the engine itself: what it changes is a lease in
// internal/sampling, which those see who ask the engine how much to sample.
//
//	actions:
//	  - sampling: {probability: 0.5}     # of the alert's service; default: sampling.burning
//
// # What it guarantees
//
// A write compares: it is refused where another share is leased than was read.
// Leases end by themselves, at their time or with the process, whichever is
// first: nothing of it survives a restart, and nothing has to be taken back
// then. Of several engines only the one that wrote it has it, and only the
// clients who ask that one see it; the others raise what they see burn, without
// a playbook. Clients ask about once a minute, so that what was written is in
// force a minute later, and so is what was taken back.
//
// A lease never lowers a share, and heals nothing: who wants it proved has to
// say by which SLO.
package sampling
