package gates

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// atOnce is how many verdicts are written in one transaction.
const atOnce = 500

// writeVerdicts writes those that wait. What cannot be written waits on.
func (k *Keeper) writeVerdicts(ctx context.Context, store Store) error {
	for range k.options.Limits.Queue/atOnce + 1 { // what comes meanwhile is the next one's
		some := k.teller.take(atOnce)
		if len(some) == 0 {
			break
		}
		list := make([]Told, 0, len(some))
		for _, a := range some {
			a.queued.Store(false) // before it is read: who tells it from now on queues it again
			told := a.told()
			told.Count -= a.written
			a.written += told.Count
			list = append(list, told)
		}
		if err := store.TellVerdicts(ctx, list); err != nil {
			k.putBack(some, list)
			return fmt.Errorf("write verdicts: %w", err)
		}
		k.wrote += len(some)
	}
	return nil
}

// putBack has answers written another time.
func (k *Keeper) putBack(some []*answer, list []Told) {
	for i, a := range some {
		a.written -= list[i].Count
		if a.queued.CompareAndSwap(false, true) {
			k.teller.enqueue(a)
		}
	}
}

// Explain is a verdict, by its id. ErrUnknown: there is none; ErrStateAway: it is
// none of the newest, and the others cannot be looked up.
func (k *Keeper) Explain(ctx context.Context, id string) (Told, error) {
	if a := k.teller.find(id); a != nil {
		return a.told(), nil
	}
	store := k.open()
	if store == nil {
		return Told{}, fmt.Errorf("explain verdict %q: %w", cut(id), ErrStateAway)
	}
	told, err := store.Verdict(ctx, id)
	if err != nil {
		return Told{}, fmt.Errorf("explain verdict %q: %w", cut(id), err)
	}
	return told, nil
}

// Verdicts are those that were chosen; told last is first. ErrStateAway: those that
// are kept cannot be looked up.
func (k *Keeper) Verdicts(ctx context.Context, q VerdictQuery) ([]Told, error) {
	q.Limit = cmp.Or(q.Limit, usualLimit)
	store := k.open()
	if store == nil {
		return nil, fmt.Errorf("find verdicts: %w", ErrStateAway)
	}
	kept, err := store.FindVerdicts(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("find verdicts: %w", err)
	}
	return merge(k.newest(q), kept, q.Limit), nil
}

// usualLimit is the Limit of a query that has none.
const usualLimit = 100

// newest are the verdicts in memory that a query chooses.
func (k *Keeper) newest(q VerdictQuery) (list []Told) {
	for _, a := range k.teller.all() {
		if q.Service != "" && q.Service != a.verdict.Request.Service || q.Decision != "" && q.Decision != a.verdict.Decision {
			continue
		}
		if told := a.told(); told.Count > 0 && !told.Last.Before(q.Since) {
			list = append(list, told)
		}
	}
	return list
}

// merge are the verdicts of memory and Store, told last first. Of one that is in
// both it takes the one that was told more often: several engines may have told it.
func merge(memory, kept []Told, most int) []Told {
	byID := make(map[string]int, len(memory))
	for i, t := range memory {
		byID[t.ID] = i
	}
	for _, t := range kept {
		i, twice := byID[t.ID]
		switch {
		case !twice:
			memory = append(memory, t)
		case t.Count > memory[i].Count:
			memory[i].Count, memory[i].First = t.Count, earlier(t.First, memory[i].First)
		}
	}
	slices.SortFunc(memory, func(a, b Told) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID)) })
	return memory[:min(most, len(memory))]
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
