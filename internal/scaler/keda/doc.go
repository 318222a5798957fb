// Package keda answers KEDA as an external scaler: gRPC on a port of its own.
//
//	triggers:
//	  - type: external
//	    metadata: {scalerAddress: "slo-engine.monitoring:9491", scaler: checkout}
//
// What holds:
//
//   - The metric of a scaler has its name, and the target 1: a number is in
//     replicas. That is told whatever the load, and whether anything is known or
//     not.
//   - A number that is not known is UNAVAILABLE with the reason, never 0: KEDA
//     then counts a failure, and does as the ScaledObject's fallback says.
//   - Only those are answered who have the role viewer, by the same door as
//     everybody else: KEDA shows a client certificate, or auth lets everyone view.
package keda
