package actuator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Kind is what an action does.
type Kind string

// The kinds of actions. A gateway knows some of them.
const (
	Shift      Kind = "shift"      // traffic from some members to another
	Eject      Kind = "eject"      // a member takes no requests any more
	Drain      Kind = "drain"      // a member takes no new ones
	RateLimit  Kind = "rate_limit" // a route takes so many a second
	CloseRoute Kind = "close"      // a route answers a status by itself
	Breaker    Kind = "breaker"    // a dependency is not called
	Notify     Kind = "webhook"    // somebody else is told to act
)

// Action is what is asked of a gateway. Which fields count, Kind says.
type Action struct {
	// ID is unique: what an action adds to a gateway is marked with it.
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Epoch is that of the engine that leads; 0 where there is only one.
	Epoch int64 `json:"epoch,omitempty"`
	// Expires is when it ends unless it is renewed.
	Expires time.Time `json:"expires,omitzero"`

	// From gives, To takes: names of members, for Shift. An empty To is all
	// others, in proportion.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Share is how much of From's traffic is shifted, 0 < Share <= 1.
	Share float64 `json:"share,omitempty"`
	// Member is whom Eject and Drain are about.
	Member string `json:"member,omitempty"`
	// Route is what RateLimit and CloseRoute are about, Dependency what Breaker is
	// about, each as the gateway names it.
	Route      string `json:"route,omitempty"`
	Dependency string `json:"dependency,omitempty"`
	// PerSecond is the limit.
	PerSecond float64 `json:"per_second,omitempty"`
	// Status is what a closed route or an open breaker answers. 0: 503.
	Status int `json:"status,omitempty"`
	// Event is what a webhook is told, a CloudEvent's data.
	Event json.RawMessage `json:"event,omitempty"`
}

// Canonical is v as a Value.
func Canonical(v any) (Value, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write value: %w", err)
	}
	// Through any and back: struct fields come in their own order, maps' keys
	// sorted.
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var plain any
	if err := decoder.Decode(&plain); err != nil {
		return nil, fmt.Errorf("write value: %w", err)
	}
	return json.Marshal(plain)
}

// Absent is the value of an object that does not exist.
var Absent = Value("null")

// Same reports whether two canonical values are one.
func Same(a, b Value) bool { return bytes.Equal(a, b) }
