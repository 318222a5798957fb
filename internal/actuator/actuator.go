package actuator

import (
	"context"
	"encoding/json"
	"time"
)

// Actuator changes one gateway. It may be used by several goroutines.
type Actuator interface {
	// Guarantees say what the gateway can promise, and what it cannot.
	Guarantees() Guarantees
	// Plan looks at the gateway and says what an action would change there. It
	// writes nothing. The action's ID and Expires may be empty.
	Plan(ctx context.Context, action Action) (Plan, error)
	// Read is what is live at a target of a plan now.
	Read(ctx context.Context, target string) (Live, error)
	// Write puts one value in place of another. Where the gateway has a
	// precondition it writes only over w.From as it was read; elsewhere it reads
	// immediately before, and refuses where it finds another value than w.From.
	// Writing what is live already is a success that changes nothing. It returns
	// when the gateway has answered, which may be before it has taken effect:
	// Read tells.
	Write(ctx context.Context, w Write) (Exchange, error)
	// Between is the value on the way from one to another: 0 is from, 1 is to.
	// Values that know no middle are from until share is 1.
	Between(from, to Value, share float64) (Value, error)
}

// Leaser is an Actuator whose gateway takes a change back by itself when it is
// not told in time that the change still holds.
type Leaser interface {
	// Renew makes the gateway keep what an action wrote until then. ErrGone says
	// that it has taken it back already.
	Renew(ctx context.Context, target, action string, until time.Time) error
}

// Guarantees are what a gateway can promise about a change.
type Guarantees struct {
	// Precondition is how a write is kept from overwriting somebody else's.
	Precondition Precondition
	// Window says, for people, in which moment somebody else's write can still
	// be lost. Empty where the precondition leaves none.
	Window string
	// Expires says that the gateway takes a change back by itself when the engine
	// is gone; then the Actuator is a Leaser.
	Expires bool
	// Survives says that a change outlives a restart of the gateway.
	Survives bool
	// Fenced says that the epoch of an action is part of the precondition, so
	// that an engine which is no longer the leader can write nothing.
	Fenced bool
	// Kinds are the actions that it knows.
	Kinds []Kind
}

// Precondition is what a gateway checks before it writes.
type Precondition string

// The preconditions.
const (
	// ReadBefore: none; the actuator reads immediately before and after.
	ReadBefore Precondition = "read_before"
	// Compare: the gateway itself refuses a write over another value.
	Compare Precondition = "compare"
)

// Value is JSON, compact and with sorted keys, so that two equal ones are equal
// bytes: see Canonical. The value null is an object that does not exist.
type Value = json.RawMessage

// Live is what a target has now.
type Live struct {
	// Value is what all nodes have; that of the first one where they differ.
	Value Value `json:"value"`
	// Version is what a precondition compares, such as an ETag or a revision;
	// empty where there is none.
	Version string `json:"version,omitempty"`
	// Owner is the id of the action that wrote it, where the gateway can tell.
	Owner string `json:"owner,omitempty"`
	// Unsettled names the nodes that do not have the value yet.
	Unsettled []string `json:"unsettled,omitempty"`
	// Members are what traffic can go to, where the target has such.
	Members []Member `json:"members,omitempty"`
}

// Member is something that traffic can go to.
type Member struct {
	Name string `json:"name"`
	// Share is of the traffic, 0 to 1.
	Share float64 `json:"share"`
	// Healthy is what the gateway thinks of it; nil: it does not say.
	Healthy *bool `json:"healthy,omitempty"`
}

// Plan is what an action would change.
type Plan struct {
	// Target names what is changed, in the gateway: no two actions may change
	// one target at a time.
	Target string `json:"target"`
	// Before is what is live; After is what would be written.
	Before Live  `json:"before"`
	After  Value `json:"after"`
	// Members are as in Live, after the change.
	Members []Member `json:"members,omitempty"`
	// Requests are exactly what would be sent, without secrets; Undo what would
	// be sent to take it back at once.
	Requests []Request `json:"requests"`
	Undo     []Request `json:"undo"`
}

// Request is one message to a gateway, as people read it.
type Request struct {
	// Line says what and where to, as "PATCH http://kong:8001/upstreams/…" or
	// "set server checkout/v2 weight 0".
	Line string `json:"line"`
	// Headers are those that matter, as "If-Match: …".
	Headers []string `json:"headers,omitempty"`
	Body    string   `json:"body,omitempty"`
}

// Write puts one value in place of another.
type Write struct {
	// Action is the id of the action: the idempotency key, and the mark on what
	// it adds.
	Action string
	// Epoch is that of the engine that leads; 0 where there is only one.
	Epoch  int64
	Target string
	// From is what must be live, To what is written.
	From Live
	To   Value
	// Until is when a gateway that can shall take it back by itself. Zero: never.
	Until time.Time
}

// Exchange is what was said to a gateway, and what it answered, for the audit.
type Exchange struct {
	Requests []Request `json:"requests"`
	// Answer is its status and the beginning of its text.
	Answer string `json:"answer"`
	// Version is that of the value that was written, where there is one.
	Version string `json:"version,omitempty"`
}
