package demo

import (
	_ "embed"
	"slices"
)

//go:embed slos/shop.yaml
var specs []byte

// Specs are the demo's SLOs in the native format, several documents in one
// file. The engine that Run is pointed at must have loaded them.
func Specs() []byte { return slices.Clone(specs) }

// The SLOs in Specs, by their ids.
const (
	gatewayAvailability  = "gateway:availability"
	checkoutAvailability = "checkout:availability"
	checkoutLatency      = "checkout:latency"
)

// sloIDs lists them in the order of the summary.
var sloIDs = []string{gatewayAvailability, checkoutAvailability, checkoutLatency}
