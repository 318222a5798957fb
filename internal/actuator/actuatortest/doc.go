// Package actuatortest holds the suite that every actuator passes: it plans,
// writes, looks, takes back, is disturbed by people, dies between two steps, and
// meets gateways that are away, slow, busy or restarted.
//
// An adapter's test gives a Harness and calls Run. What the gateway has is asked
// twice each time: of the adapter, and by other means (Gateway.Look, which may
// ask the gateway's own API, and Gateway.Effect, which sends traffic), so that an
// adapter cannot pass by believing itself.
//
//	func TestConformance(t *testing.T) {
//		actuatortest.Run(t, actuatortest.Harness{
//			Start:   start, // a fresh gateway, and the means to look at it
//			Actions: []actuator.Action{{Kind: actuator.Shift, From: "v2", To: "v1", Share: 0.5}},
//			Missing: []actuator.Action{{Kind: actuator.Eject, Member: "nobody"}},
//		})
//	}
//
// Proxy stands between an adapter and a gateway that speaks HTTP, and makes it
// fail in each of the ways that the suite wants.
package actuatortest
