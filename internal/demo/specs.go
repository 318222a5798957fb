package demo

import (
	_ "embed"
	"strings"
)

// The documents of the two stories: SLOs and the playbook. SOCKET stands for
// where the gateway can be controlled.
var (
	//go:embed slos/shop.yaml
	shopSpecs string
	//go:embed slos/haproxy.yaml
	proxySpecs string
)

// specs are documents with the address filled in.
func specs(text, socket string) []byte {
	return []byte(strings.ReplaceAll(text, "SOCKET", socket))
}

// The SLOs in the documents, by their ids.
const (
	gatewayAvailability  = "gateway:availability"
	checkoutAvailability = "checkout:availability"
	checkoutLatency      = "checkout:latency"
)
