// Package sampling says which share of a service's traces is to be kept, in the
// JSON of Jaeger's remote sampling: a small one, and a larger one while the
// service burns or something is done about it, because then people look into
// traces.
//
//	GET /sampling?service=checkout
//	{"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.1}}
//
// What holds:
//
//   - A service is raised while an alert of a tier that acts or wakes somebody
//     fires for it, and while an action for it is applied, verified or undone; and
//     for some time after. Where the groups of an SLO are operations, only those
//     that burn are raised.
//   - A playbook can raise it as well, by a lease that ends by itself. Nothing
//     here makes it less than the default.
//   - Whoever asks is answered: a service that nobody knows has the default.
//   - It is all in memory. After a restart what burns is raised again at the first
//     tick, and leases are gone. Of several engines each answers by what it sees
//     itself, and has the leases that it gave out itself.
//
// Clients ask about once a minute, so what is raised is raised that much later.
// What a burn has already done is not in the traces; what it does from then on
// is.
package sampling
