package otlp

import "sync"

// addresses are those that are really bound, by protocol.
type addresses struct {
	mu         sync.Mutex
	byProtocol map[string]string
}

const (
	grpcProtocol = "grpc"
	httpProtocol = "http"
)

func (a *addresses) note(protocol, address string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byProtocol == nil {
		a.byProtocol = map[string]string{}
	}
	a.byProtocol[protocol] = address
}

func (a *addresses) get(protocol string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byProtocol[protocol]
}

func (a *addresses) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.byProtocol)
}
