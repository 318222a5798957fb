package gates

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// mostGlass is how long a glass may stay broken: who needs longer says so again.
const mostGlass = 24 * time.Hour

// A reason says something to those who read it later, and is no book.
const (
	shortestReason = 10
	longestReason  = 2000
)

// BreakGlass lets changes of a service pass until a time, at most a day ahead,
// because a person says so, and says why. It is on disk, and in the audit, when it
// returns; ID and At are given to it. ErrInvalid, ErrStateAway.
func (k *Keeper) BreakGlass(ctx context.Context, g gate.Glass) (gate.Glass, error) {
	now := k.options.Now()
	g.ID, g.At, g.Until, g.Reason = k.options.NewID(), exact(now), exact(g.Until), strings.TrimSpace(g.Reason)
	if err := k.checkGlass(g, now); err != nil {
		return gate.Glass{}, fmt.Errorf("break glass: %w: %w", ErrInvalid, err)
	}
	store := k.open()
	if store == nil {
		return gate.Glass{}, fmt.Errorf("break glass: %w", ErrStateAway)
	}
	if err := store.BreakGlass(ctx, g); err != nil {
		return gate.Glass{}, fmt.Errorf("break glass: %w", err)
	}
	k.glasses.add(g)
	k.changed()
	k.log.Warn("glass is broken", "service", g.Service, "environment", g.Environment, "by", g.By, "until", g.Until, "reason", g.Reason, "id", g.ID)
	return g, nil
}

func (k *Keeper) checkGlass(g gate.Glass, now time.Time) error {
	most := k.options.Limits.Glass
	switch {
	case !name(g.Service):
		return errors.New("service: name the service, in at most 256 bytes")
	case g.Environment != "" && !name(g.Environment):
		return errors.New("environment: it has more than 256 bytes, or some that are no text")
	case !name(g.By):
		return errors.New("by: say who you are")
	case utf8.RuneCountInString(g.Reason) < shortestReason:
		return fmt.Errorf("reason: say why, in at least %d letters", shortestReason)
	case utf8.RuneCountInString(g.Reason) > longestReason:
		return fmt.Errorf("reason: say it in at most %d letters", longestReason)
	case !g.Until.After(now):
		return fmt.Errorf("until: %s is not ahead of now", g.Until.Format(time.RFC3339))
	case g.Until.Sub(now) > most:
		return fmt.Errorf("until: %s is more than %s ahead", g.Until.Format(time.RFC3339), most)
	}
	return nil
}

// name reports whether a word may be a name of something.
func name(word string) bool {
	return word != "" && len(word) <= longest && utf8.ValidString(word) && !strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// MendGlass ends a break-glass early. Of one that was mended before, or is over, it
// says nothing. ErrUnknown, ErrStateAway.
func (k *Keeper) MendGlass(ctx context.Context, id, by string) error {
	if !name(by) {
		return fmt.Errorf("mend glass: %w: by: say who you are", ErrInvalid)
	}
	store := k.open()
	if store == nil {
		return fmt.Errorf("mend glass: %w", ErrStateAway)
	}
	if err := store.MendGlass(ctx, id, by, exact(k.options.Now())); err != nil {
		return fmt.Errorf("mend glass %q: %w", cut(id), err)
	}
	k.glasses.remove(id)
	k.changed()
	k.log.Info("glass is mended", "id", cut(id), "by", by)
	return nil
}

// Glasses are those that are broken now, in the order in which they were.
// ErrStateAway: none of them is known yet.
func (k *Keeper) Glasses(context.Context) ([]gate.Glass, error) {
	k.glasses.mu.RLock()
	known := k.glasses.known
	k.glasses.mu.RUnlock()
	if !known {
		return nil, fmt.Errorf("list glasses: %w", ErrStateAway)
	}
	return k.glasses.at(k.options.Now()), nil
}

// readGlasses learns what other engines, and those before this one, have broken.
func (k *Keeper) readGlasses(ctx context.Context, store Store) error {
	written := k.glasses.written()
	list, err := store.BrokenGlasses(ctx, exact(k.options.Now()))
	if err != nil {
		return fmt.Errorf("read glasses: %w", err)
	}
	if k.glasses.replace(list, written) {
		k.changed()
	}
	return nil
}
