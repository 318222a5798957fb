package remediation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Store keeps actions, who may act, and what was done, over restarts and for
// all engines that share it. What a call has returned without an error is on
// disk. Times are the caller's, to the microsecond.
type Store interface {
	// Reserve takes a new record in, unless a limit forbids it: then the error is
	// a *Held. Of two calls at once for one target, one gets it. A record whose
	// Alert, Since, Playbook and Step were reserved before, in whatever state it
	// is now, is held as already_decided. A drill is held like any action; it
	// holds others by its target and as one that is open, and by nothing else.
	Reserve(ctx context.Context, r Record, limits Limits, along ...Along) (Record, error)
	// Update writes a record whose Revision is the stored one, with what goes
	// along, in one transaction, and returns it with the next Revision.
	// ErrRevision: somebody else wrote it. ErrNotLeading: r.Epoch is older than the
	// one that Lead gave out last.
	Update(ctx context.Context, r Record, along ...Along) (Record, error)
	// Get is one record. ErrNotFound.
	Get(ctx context.Context, id string) (Record, error)
	// Find are records, the newest first.
	Find(ctx context.Context, q Query) ([]Record, error)

	// Append writes entries that belong to no record's move.
	Append(ctx context.Context, entries ...Entry) error
	// Entries are those of the audit, the newest first.
	Entries(ctx context.Context, q EntryQuery) ([]Entry, error)

	// Lead makes holder the leader, or keeps it so, until now+ttl. While another
	// one leads it says who, and leads is false. A new leader's epoch is greater
	// than all before.
	Lead(ctx context.Context, holder string, now time.Time, ttl time.Duration) (l Leadership, err error)
	// Resign ends holder's leadership at once.
	Resign(ctx context.Context, holder string) error

	// Setting and Set keep what people change, such as the kill switch and a
	// service's autonomy, each under a name; one that was never set is nil.
	Setting(ctx context.Context, name string) (value json.RawMessage, err error)
	Set(ctx context.Context, name string, value json.RawMessage, entries ...Entry) error

	// Push takes messages for others in; Pull are those of one receiver that are
	// due, the oldest first of each Key, and no second one of a Key while its first
	// waits. Settle says what became of some, in one transaction: delivered
	// (removed), due again later, or dead (kept, shown, never due). Revive makes dead ones due once more, each
	// at its old place of its Key, and says how many of the ids were dead.
	Push(ctx context.Context, messages ...Message) error
	Pull(ctx context.Context, to string, now time.Time, most int) ([]Message, error)
	Settle(ctx context.Context, messages ...Message) error
	Dead(ctx context.Context, most int) ([]Message, error)
	Revive(ctx context.Context, now time.Time, ids ...string) (int, error)
	// Backlog says of each receiver that has any how many messages wait, and how
	// many are dead, sorted by name.
	Backlog(ctx context.Context) ([]Backlog, error)

	// TakeInbound writes alerts from elsewhere, each in place of what there was
	// by its Fingerprint, and forgets others, in one transaction. seen is the
	// number of the last write that the caller knows of: ErrRevision says that
	// there was another one since. It returns the number of this one.
	TakeInbound(ctx context.Context, seen int64, alerts []Inbound, forget []string) (number int64, err error)
	// Inbound are those that were written after a number, in no order, and the
	// number of the last write; what was forgotten is not told.
	Inbound(ctx context.Context, after int64) (alerts []Inbound, number int64, err error)

	// Sweep forgets what ended before a time: records, delivered messages. The
	// audit stays.
	Sweep(ctx context.Context, before time.Time) error
	Close() error
}

// Along is what is written with a record, in its transaction: an Entry of the
// audit, or a Message for others. So nothing is done that is not told, and the
// other way round.
type Along interface{ along() }

func (Entry) along()   {}
func (Message) along() {}

// Sorted are the entries and the messages of what goes along, each in order.
func Sorted(along []Along) (entries []Entry, messages []Message) {
	for _, one := range along {
		switch one := one.(type) {
		case Entry:
			entries = append(entries, one)
		case Message:
			messages = append(messages, one)
		}
	}
	return entries, messages
}

// Limits are what a reservation is held against, in its transaction. 0 is no
// limit, but for the target: that is one action's at a time, always.
type Limits struct {
	Now time.Time
	// Cooldown is how long after an action of the same service, or on the same
	// target, was created no other one may be.
	Cooldown time.Duration
	// MaxOpen bounds the actions of all services that have not ended, MaxPerHour
	// those that were created in the last hour, MaxPerServiceHour those of this
	// one's service.
	MaxOpen, MaxPerHour, MaxPerServiceHour int
}

// Held says that a limit keeps an action from being reserved.
type Held struct {
	Reason Reason // one of those below
	By     string // the id of the action that stands in the way, if one does
	Until  time.Time
}

// The limits by name.
const (
	HeldBusyTarget   Reason = "target_busy"     // another action holds the target
	HeldDecided      Reason = "already_decided" // this alert has had this action
	HeldCooldown     Reason = "cooldown"
	HeldOpen         Reason = "too_many_open"
	HeldHour         Reason = "too_many_in_hour"
	HeldServiceHour  Reason = "too_many_for_service"
	HeldNotLeading   Reason = "not_leading"
	HeldStoreTrouble Reason = "store_unavailable"
)

// Error implements error.
func (h *Held) Error() string {
	text := "held back: " + string(h.Reason)
	if h.By != "" {
		text += " by " + h.By
	}
	if !h.Until.IsZero() {
		text += fmt.Sprintf(" until %s", h.Until.UTC().Format(time.RFC3339))
	}
	return text
}

// The errors of a Store.
var (
	ErrNotFound   = errors.New("there is no such action")
	ErrRevision   = errors.New("somebody else has written the action meanwhile")
	ErrNotLeading = errors.New("another engine leads")
)

// Query chooses records. Zero fields choose all.
type Query struct {
	Open    bool // only those that have not ended
	States  []State
	Service string
	Gateway string
	Target  string
	Since   time.Time // created then or later
	Limit   int       // 0: 1,000
}

// Entry is one line of the audit: who did what, what was said to whom, and what
// was there before and after. Entries are never changed.
type Entry struct {
	At time.Time `json:"at"`
	// Who is a person, or slo-engine.
	Who string `json:"who"`
	// What is the deed: decided, reserved, held_back, read, wrote, verified, …
	What   string `json:"what"`
	Action string `json:"action,omitempty"` // id
	// Service and SLO are whose.
	Service string `json:"service,omitempty"`
	SLO     string `json:"slo,omitempty"`
	Reason  Reason `json:"reason,omitempty"`
	// Data holds request, answer, values before and after, evidence.
	Data json.RawMessage `json:"data,omitempty"`
}

// EntryQuery chooses entries. Zero fields choose all.
type EntryQuery struct {
	Action, Service string
	Since           time.Time
	Limit           int // 0: 1,000
}

// Leadership is who leads.
type Leadership struct {
	Holder string
	Leads  bool // the one who asked
	Epoch  int64
	Until  time.Time
}

// Message is something that another system is to be told, at least once and in
// order of each Key.
type Message struct {
	ID string `json:"id"` // unique; pushing it again changes nothing
	// To names the receiver in the configuration; Key orders: messages of one
	// receiver and key go one after the other.
	To   string          `json:"to"`
	Key  string          `json:"key"`
	Body json.RawMessage `json:"body"`
	Made time.Time       `json:"made"`
	// Due is when it is (next) sent; Tries counts the failures, Problem is the
	// last one.
	Due     time.Time `json:"due"`
	Tries   int       `json:"tries"`
	Problem string    `json:"problem,omitempty"`
	// Revived is when it was made due again after it was dead; zero: never.
	Revived time.Time `json:"revived,omitzero"`
	// Fate says what to do at Settle.
	Fate Fate `json:"fate,omitempty"`
}

// Backlog is what a receiver has not got.
type Backlog struct {
	To            string
	Waiting, Dead int
}

// Fate is what becomes of a message.
type Fate string

// The fates. The empty one: it is due again at Due.
const (
	Delivered Fate = "delivered"
	DeadEnd   Fate = "dead"
)
