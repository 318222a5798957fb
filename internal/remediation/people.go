package remediation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrState says that an action is not in a state in which it can be answered or
// undone.
var ErrState = errors.New("the action is past that")

// The settings that people change.
const (
	settingPaused   = "paused"
	settingAutonomy = "autonomy/"
)

// Approve says yes to an action that waits for it.
func (r *Runner) Approve(ctx context.Context, id, who, note string) (Record, error) {
	return r.person(ctx, id, who, "approved", note, func(rec *Record) error {
		if rec.State != Awaiting || rec.Answered != "" || !r.now().Before(rec.Expires) {
			return fmt.Errorf("approve action %s: %w: it is %s", id, ErrState, rec.State)
		}
		rec.Answered, rec.Reason = who, ReasonApproved
		return nil
	})
}

// Reject says no.
func (r *Runner) Reject(ctx context.Context, id, who, note string) (Record, error) {
	return r.person(ctx, id, who, "rejected", note, func(rec *Record) error {
		if rec.State != Awaiting || rec.Answered != "" {
			return fmt.Errorf("reject action %s: %w: it is %s", id, ErrState, rec.State)
		}
		rec.Answered, rec.State, rec.Reason, rec.Entered = who, Rejected, ReasonRejected, r.now()
		return nil
	})
}

// Undo asks for an action to be taken back at once.
func (r *Runner) Undo(ctx context.Context, id, who, note string) (Record, error) {
	return r.person(ctx, id, who, "asked_undo", note, func(rec *Record) error {
		if !rec.State.Live() {
			return fmt.Errorf("undo action %s: %w: it is %s", id, ErrState, rec.State)
		}
		rec.Asked = who
		return nil
	})
}

// person changes a record as somebody wants; where an engine writes it at the
// same time, again.
func (r *Runner) person(ctx context.Context, id, who, what, note string, change func(*Record) error) (Record, error) {
	for {
		rec, err := r.o.Store.Get(ctx, id)
		if err != nil {
			return rec, fmt.Errorf("find action %s: %w", id, err)
		}
		if err := change(&rec); err != nil {
			return rec, err
		}
		rec.Note, rec.Next, rec.Updated = note, r.now(), r.now()
		rec.Epoch = max(rec.Epoch, r.epoch())
		along := append(r.messages(rec), entry(rec.Updated, who, deed{what, map[string]any{"note": note}}, rec))
		saved, err := r.o.Store.Update(ctx, rec, along...)
		if errors.Is(err, ErrRevision) && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return rec, fmt.Errorf("write action %s: %w", id, err)
		}
		r.tell(saved)
		return saved, nil
	}
}

// Pause pulls the kill switch: nothing is written at any gateway, but for what
// a person undoes by name. It holds for all engines, and over restarts.
func (r *Runner) Pause(ctx context.Context, who, note string) error {
	return r.set(ctx, settingPaused, who, who, "paused", note, "")
}

// Resume lets go of the kill switch.
func (r *Runner) Resume(ctx context.Context, who, note string) error {
	return r.set(ctx, settingPaused, "", who, "resumed", note, "")
}

// Paused is who pulled the kill switch; empty: nobody.
func (r *Runner) Paused(ctx context.Context) (string, error) { return r.paused(ctx) }

// SetAutonomy says how much is done for a service without asking, from now on.
func (r *Runner) SetAutonomy(ctx context.Context, service string, level Level, who, note string) error {
	a := Autonomy{Level: level, By: who, At: r.now()}
	return r.set(ctx, settingAutonomy+service, a, who, "set_autonomy", note, service)
}

func (r *Runner) set(ctx context.Context, name string, value any, who, what, note, service string) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("write setting %s: %w", name, err)
	}
	data, _ := json.Marshal(map[string]any{"value": value, "note": note})
	err = r.o.Store.Set(ctx, name, text, Entry{At: r.now(), Who: who, What: what, Service: service, Data: data})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes++
	return err
}

func (r *Runner) paused(ctx context.Context) (who string, err error) {
	err = r.setting(ctx, settingPaused, &who)
	return who, err
}

func (r *Runner) autonomy(ctx context.Context, service string) (a Autonomy, err error) {
	err = r.setting(ctx, settingAutonomy+service, &a)
	return a, err
}

func (r *Runner) setting(ctx context.Context, name string, into any) error {
	text, err := r.o.Store.Setting(ctx, name)
	if err != nil || text == nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read setting %s: %w", name, err)
	}
	return nil
}
