package etcd

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// attempts is how often a transaction is tried again that lost against another
// one which changed nothing of what it is about.
const attempts = 5

// Write implements actuator.Actuator: it looks, and writes if nothing of what it
// saw has changed.
func (a *Actuator) Write(ctx context.Context, w actuator.Write) (x actuator.Exchange, err error) {
	o, err := parse(w.Target)
	if err != nil {
		return x, err
	}
	err = a.call(ctx, func(ctx context.Context, c *clientv3.Client) error {
		x, err = a.write(ctx, c, o, w)
		return err
	})
	return x, err
}

func (a *Actuator) write(ctx context.Context, c *clientv3.Client, o object, w actuator.Write) (x actuator.Exchange, err error) {
	for range attempts {
		s, err := a.look(ctx, c, o)
		if err != nil {
			return x, err
		}
		if done, err := a.judge(s, w); done || err != nil {
			x.Answer = "it is so already"
			return x, err
		}
		ch, err := a.changeTo(s, w)
		if err != nil {
			return x, err
		}
		x.Requests = ch.requests()
		a.log.Debug("write to etcd", "action", w.Action, "target", w.Target)
		won, revision, err := a.commit(ctx, c, ch)
		if err != nil {
			return x, err
		}
		if won {
			x.Answer, x.Version = fmt.Sprintf("revision %d", revision), strconv.FormatInt(s.document.revision, 10)
			return x, nil
		}
	}
	return x, fmt.Errorf("write %s: %w: others write it all the time", w.Target, actuator.ErrConflict)
}

// judge says whether a write is done already, or may not be.
func (a *Actuator) judge(s *state, w actuator.Write) (done bool, err error) {
	live, err := s.live(a.now())
	if err != nil {
		return false, fmt.Errorf("write %s: %w: %w", w.Target, actuator.ErrRefused, err)
	}
	conflict := func(format string, args ...any) error {
		return fmt.Errorf("write %s: %w: %s", w.Target, actuator.ErrConflict, fmt.Sprintf(format, args...))
	}
	switch {
	case w.Epoch < s.epoch:
		return false, fmt.Errorf("write %s: %w: epoch %d, and %s says %d (if the engine's state was lost, delete that key)",
			w.Target, actuator.ErrFenced, w.Epoch, a.epochKey(), s.epoch)
	case live.Owner != "" && live.Owner != w.Action:
		return false, conflict("action %s holds it (who writes the document %s again ends that)", live.Owner, a.documentKey(s.object))
	case actuator.Same(live.Value, w.To):
		return true, nil
	case !actuator.Same(live.Value, w.From.Value):
		return false, conflict("%s, not %s", live.Value, w.From.Value)
	case w.From.Version != "" && w.From.Version != live.Version:
		return false, conflict("it was written since, in revision %s", live.Version)
	}
	return false, nil
}

// Renew implements actuator.Leaser: the overlay gets another end, and another
// lease. The one before ends by itself, and nothing holds it any more.
func (a *Actuator) Renew(ctx context.Context, target, action string, until time.Time) error {
	o, err := parse(target)
	if err != nil {
		return err
	}
	return a.call(ctx, func(ctx context.Context, c *clientv3.Client) error {
		for range attempts {
			if won, err := a.extend(ctx, c, o, action, until); won || err != nil {
				return err
			}
		}
		return fmt.Errorf("renew %s: %w: others write it all the time", target, actuator.ErrUnavailable)
	})
}

func (a *Actuator) extend(ctx context.Context, c *clientv3.Client, o object, action string, until time.Time) (won bool, err error) {
	s, err := a.look(ctx, c, o)
	if err != nil && !errors.Is(err, actuator.ErrMissing) {
		return false, err
	}
	var held *overlay
	if err == nil {
		held = s.covered(a.now())
	}
	if held == nil || held.Action != action {
		return false, fmt.Errorf("renew %s: %w: no overlay of action %s is in force", o.target(), actuator.ErrGone, action)
	}
	ch := change{key: a.overlayKey(o), compares: []compare{
		{a.documentKey(o), s.document.revision}, {a.overlayKey(o), s.overlay.revision}, {a.epochKey(), s.epochEntry.revision},
	}}
	if err := ch.lay(*held, until, a.now()); err != nil {
		return false, err
	}
	won, _, err = a.commit(ctx, c, ch)
	return won, err
}
