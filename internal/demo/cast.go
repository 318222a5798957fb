package demo

// cast is whom a story is about: the SLOs, and the alert that starts the action.
type cast struct {
	// slos are the ids of the SLOs, in the order of the summary.
	slos []string
	// traffic is the SLO whose events are the shop's requests, healed the one
	// whose heal tier the playbook waits for.
	traffic, healed string
	// service is that of the healed SLO.
	service string
	// books says who counted the other side of the final comparison.
	books string
}

// shopCast is that of the shop with its own gateway, proxyCast that behind a
// HAProxy.
var (
	shopCast = cast{
		slos:    []string{gatewayAvailability, checkoutAvailability, checkoutLatency},
		traffic: gatewayAvailability, healed: checkoutAvailability, service: "checkout",
		books: "served by the shop",
	}
	proxyCast = cast{
		slos:    []string{checkoutAvailability},
		traffic: checkoutAvailability, healed: checkoutAvailability, service: "checkout",
		books: "counted by HAProxy",
	}
)
