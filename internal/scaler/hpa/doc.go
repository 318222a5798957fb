// Package hpa answers Kubernetes as a server of external metrics,
// external.metrics.k8s.io/v1beta1, so that a HorizontalPodAutoscaler scales by the
// numbers of scalers:
//
//	metrics:
//	  - type: External
//	    external:
//	      metric: {name: checkout}
//	      target: {type: AverageValue, averageValue: "1"}
//
// What holds:
//
//   - A metric is a scaler, in every namespace, and has one item: an autoscaler
//     adds items up. Its labels are scaler, service and, if the scaler has one,
//     slo.
//   - A number that is not known is a Status of 503 with the reason, never 0: the
//     autoscaler then does not scale by this metric, and not down at all.
//   - Numbers are rounded up to a thousandth: a little is not nothing.
package hpa
