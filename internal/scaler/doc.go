// Package scaler says how many replicas a service needs, for autoscalers: KEDA
// (package keda) and the HorizontalPodAutoscaler (package hpa). A number is in
// replicas, so that the autoscaler's target is always 1:
//
//	demand = queue.weight      · queue / queue.target
//	       + load.weight       · load / load.target
//	       + goroutines.weight · goroutines / goroutines.target
//	number = demand · members / (members - out)
//	       + min(burn.most, burn.weight · max(0, burn - burn.above))
//
// within min and max. 340 messages at 100 for each replica, of 5 members one taken
// out of rotation, and a burn rate of 11 that weighs 0.1 above 1 make
// 3.4 · 5/4 + 0.1 · 10 = 5.25. An input without a target is not in the sum.
//
// What holds:
//
//   - Where an input that counts is not known, there is no number, but the reasons
//     (Missing): no answer, an old one, none that is a number. An autoscaler that
//     is told 0 by somebody who knows nothing takes a service down; told an error,
//     it stays where it is, or falls back to what its user said.
//   - What a number is made of is shown with it, and none of it is remembered:
//     trends are read from the server's past at each poll, so that a restart
//     changes no number. The one exception is when a leak began (leak.go).
//   - Each scaler polls on its own, each server is asked only so much at a time: one
//     that is slow takes away the numbers of its scalers, and of nobody else.
//
// Formula, trends and leaks are pure; Scalers owns the polling, and what was
// polled last. Numbers are made when they are asked for.
package scaler
