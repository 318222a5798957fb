package statetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Agree plays the same random calls to two empty stores and compares all that
// they answer. The world is small, so that calls get in each other's way.
func Agree(t *testing.T, seed uint64, calls int, a, b remediation.Store) {
	rnd := rand.New(rand.NewPCG(seed, 6))
	now := start
	for i := range calls {
		now = now.Add(time.Duration(rnd.IntN(120)-20) * time.Second)
		call := calling[rnd.IntN(len(calling))]
		at := rnd.Uint64()
		play := func(s remediation.Store) string {
			p := player{t, rand.New(rand.NewPCG(at, 7)), s, now}
			got, err := call(p)
			text, marshalErr := json.Marshal(got)
			ok(t, marshalErr)
			return string(text) + " " + kind(err)
		}
		if diff := cmp.Diff(play(a), play(b)); diff != "" {
			t.Fatalf("seed %d, call %d (-first store +second):\n%s", seed, i, diff)
		}
	}
}

// kind is what is promised of an error; its text is not.
func kind(err error) string {
	var held *remediation.Held
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &held):
		return held.Error()
	}
	for _, kind := range []error{remediation.ErrNotFound, remediation.ErrRevision, remediation.ErrNotLeading} {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "another error"
}

// player makes one call.
type player struct {
	t   *testing.T
	rnd *rand.Rand
	remediation.Store
	now time.Time
}

func (p player) some(prefix string, n int) string { return fmt.Sprint(prefix, p.rnd.IntN(n)) }

func (p player) entry() remediation.Entry {
	return remediation.Entry{At: p.now, Who: "a", What: p.some("did", 9), Action: p.some("id", 40), Service: p.some("s", 3)}
}

// calling are the calls there are, the likely ones more than once.
var calling = []func(player) (any, error){
	player.reserve, player.reserve, player.reserve,
	player.update, player.update, player.update, player.update,
	player.find, player.entries, player.lead, player.push, player.settle, player.settle, player.pull,
	player.revive, player.sweep,
	player.takeInbound, player.takeInbound, player.inbound,
}

func (p player) reserve() (any, error) {
	r := record(p.some("id", 40))
	r.Alert, r.Service, r.Target, r.Step = p.some("alert", 12), p.some("s", 3), p.some("t", 5), p.rnd.IntN(2)
	r.Created, r.Entered, r.Epoch = p.now, time.Time{}, int64(p.rnd.IntN(8))
	if p.rnd.IntN(2) == 0 {
		r.Epoch = 1 << 40 // newer than all
	}
	r.Drill = p.rnd.IntN(4) == 0
	return p.Store.Reserve(p.t.Context(), r, remediation.Limits{
		Now: p.now, Cooldown: time.Duration(p.rnd.IntN(3)) * time.Minute,
		MaxOpen: p.rnd.IntN(6), MaxPerHour: p.rnd.IntN(20), MaxPerServiceHour: p.rnd.IntN(10),
	}, p.entry(), p.message())
}

func (p player) update() (any, error) {
	r, err := p.Get(p.t.Context(), p.some("id", 40))
	if err != nil {
		return r, err
	}
	states := []remediation.State{
		remediation.Awaiting, remediation.Applying, remediation.Verifying, remediation.Holding, remediation.Undoing,
		remediation.Undone, remediation.Contested, remediation.Failed, remediation.Rejected, remediation.Expired, remediation.Rehearsed,
	}
	var legal []remediation.State
	for _, next := range states {
		if r.State.May(next) {
			legal = append(legal, next)
		}
	}
	switch n := p.rnd.IntN(10); {
	case n == 0:
		r.State = states[p.rnd.IntN(len(states))]
	case n > 3 && len(legal) > 0:
		r.State = legal[p.rnd.IntN(len(legal))]
	}
	if p.rnd.IntN(10) == 0 {
		r.Revision += int64(p.rnd.IntN(3) - 1)
	}
	if p.rnd.IntN(10) == 0 {
		r.Epoch = int64(p.rnd.IntN(8))
	}
	r.Updated = p.now
	return p.Store.Update(p.t.Context(), r, p.message(), p.entry(), p.message())
}

func (p player) find() (any, error) {
	q := remediation.Query{Open: p.rnd.IntN(2) == 0, Limit: p.rnd.IntN(9), Since: p.now.Add(-time.Duration(p.rnd.IntN(60)) * time.Minute)}
	if p.rnd.IntN(2) == 0 {
		q.Service, q.States = p.some("s", 3), []remediation.State{remediation.Applying, remediation.Undone}
	}
	all, err := p.Store.Find(p.t.Context(), q)
	return append([]remediation.Record{}, all...), err
}

func (p player) entries() (any, error) {
	all, err := p.Store.Entries(p.t.Context(), remediation.EntryQuery{Service: p.some("s", 4), Limit: p.rnd.IntN(20), Since: p.now.Add(-time.Hour)})
	return append([]remediation.Entry{}, all...), err
}

func (p player) lead() (any, error) {
	if p.rnd.IntN(8) == 0 {
		return nil, p.Resign(p.t.Context(), p.some("engine", 3))
	}
	return p.Store.Lead(p.t.Context(), p.some("engine", 3), p.now, time.Minute)
}

func (p player) message() remediation.Message {
	return remediation.Message{
		ID: p.some("m", 60), To: p.some("hook", 2), Key: p.some("k", 3), Body: json.RawMessage(`{}`),
		Made: p.now, Due: p.now.Add(time.Duration(p.rnd.IntN(3)) * time.Minute),
	}
}

func (p player) push() (any, error) {
	return nil, p.Push(p.t.Context(), p.message(), p.message())
}

func (p player) settle() (any, error) {
	m := p.message()
	m.Fate = []remediation.Fate{"", remediation.Delivered, remediation.DeadEnd}[p.rnd.IntN(3)]
	m.Tries = p.rnd.IntN(9)
	return nil, p.Settle(p.t.Context(), m)
}

func (p player) pull() (any, error) {
	due, err := p.Pull(p.t.Context(), p.some("hook", 2), p.now, p.rnd.IntN(6))
	dead, deadErr := p.Dead(p.t.Context(), p.rnd.IntN(6))
	return append(append([]remediation.Message{}, due...), dead...), errors.Join(err, deadErr)
}

func (p player) revive() (any, error) {
	n, err := p.Revive(p.t.Context(), p.now, p.some("m", 60), p.some("m", 60))
	backlog, backlogErr := p.Backlog(p.t.Context())
	return []any{n, append([]remediation.Backlog{}, backlog...)}, errors.Join(err, backlogErr)
}

func (p player) sweep() (any, error) {
	return nil, p.Sweep(p.t.Context(), p.now.Add(-time.Duration(p.rnd.IntN(120))*time.Minute))
}

func (p player) takeInbound() (any, error) {
	_, seen, err := p.Store.Inbound(p.t.Context(), 0)
	if err != nil {
		return nil, err
	}
	if p.rnd.IntN(5) == 0 {
		seen -= int64(p.rnd.IntN(2))
	}
	alerts := []remediation.Inbound{elsewhere(p.some("f", 9)), elsewhere(p.some("f", 9))}
	alerts[1].Heard = p.now
	return p.Store.TakeInbound(p.t.Context(), seen, alerts, []string{p.some("f", 9), p.some("f", 9)})
}

func (p player) inbound() (any, error) {
	all, number, err := p.Store.Inbound(p.t.Context(), int64(p.rnd.IntN(30)))
	names := []string{fmt.Sprint(number)}
	for _, a := range all {
		names = append(names, a.Fingerprint+a.Heard.String())
	}
	slices.Sort(names)
	return names, err
}
