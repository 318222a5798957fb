package webhook

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// book is what receivers believe to fire, as it is kept.
type book struct {
	// Firing are those that fire, by keyOf.
	Firing map[string]known `json:"firing"`
	// Ending are those of which it may be told at this moment that they have
	// ended.
	Ending []ended `json:"ending,omitempty"`
}

// known is an alert that receivers believe to fire.
type known struct {
	// Since is when it began, as they were told. Of two engines each has its own
	// idea of that.
	Since  time.Time         `json:"since"`
	Tier   string            `json:"tier"`
	Frozen bool              `json:"frozen,omitempty"`
	Labels map[string]string `json:"labels"`
	Quiet  bool              `json:"quiet,omitempty"`
	URL    string            `json:"url,omitempty"`
	// unsure says that the engine before may not have got round to telling it.
	unsure bool
}

// ended is one that has ended.
type ended struct {
	Key string `json:"key"`
	known
	At     time.Time `json:"at"`
	Reason string    `json:"reason,omitempty"`
}

// keyOf names an alert of an instance, whenever it fires.
func keyOf(a Alert) string {
	return a.Who.ID + "\n" + a.Status.Name + "\n" + string(a.Status.Severity)
}

func sloOf(key string) string {
	slo, _, _ := strings.Cut(key, "\n")
	return slo
}

// settingBook is where the book is kept.
const settingBook = "webhooks/alerts"

// readBook reads what was kept by an engine that has ended since.
func readBook(text json.RawMessage) (b book, err error) {
	if len(text) > 0 {
		err = json.Unmarshal(text, &b)
	}
	if b.Firing == nil || err != nil {
		b.Firing = map[string]known{}
	}
	for key, one := range b.Firing {
		one.unsure = true
		b.Firing[key] = one
	}
	if err != nil {
		return book{Firing: b.Firing}, fmt.Errorf("read what receivers know: %w", err)
	}
	return b, nil
}

// data is what there is to say of it without the engine that has raised it.
func (k known) data(state string) data {
	return data{
		State: state, Labels: k.Labels, Annotations: map[string]string{}, StartsAt: k.Since, Tier: k.Tier, Frozen: k.Frozen,
		Quiet: k.Quiet, URL: k.URL,
	}
}

// noted is a transition as it is kept.
func noted(t transition, since time.Time) known {
	d := dataOf(t, since)
	return known{Since: since.UTC(), Tier: d.Tier, Frozen: d.Frozen, Labels: d.Labels, Quiet: d.Quiet, URL: d.URL}
}

// telling is an event that is to be put into the outbox.
type telling struct {
	slo, id string
	at      time.Time
	body    json.RawMessage
}

// page is a book that is being written in, and what is to be told of that.
type page struct {
	source string
	firing map[string]known
	ending []ended
	events []telling
	// began says that alerts came into the book, changed that one has changed.
	began, changed bool
	// left counts the alerts for which there is no room.
	left int
}

// newPage begins with what the engine before may not have got round to.
func newPage(source string, b book) (*page, error) {
	p := &page{source: source, firing: maps.Clone(b.Firing)}
	for _, e := range b.Ending {
		e.unsure = true
		if err := p.end(e, e.data(stateResolved)); err != nil {
			return p, err
		}
	}
	return p, nil
}

// book is how it is once all is told.
func (p *page) book() book { return book{Firing: p.firing} }

// draft is how it may be while that is being done: should the engine end then,
// the next one knows what to tell again.
func (p *page) draft() book { return book{Firing: p.firing, Ending: p.ending} }

// add adds an event.
func (p *page) add(key, kind string, since, at time.Time, d data) error {
	id := idOf(key, since, at, kind)
	body, err := event(p.source, id, kind, sloOf(key), at, d)
	if err != nil {
		return err
	}
	p.events = append(p.events, telling{sloOf(key), id, at, body})
	return nil
}

// end takes an alert out of the book.
func (p *page) end(e ended, d data) error {
	if err := p.assure(e.Key, e.known); err != nil {
		return err
	}
	if p.has(e.Key, e.Since) {
		delete(p.firing, e.Key)
	}
	p.ending = append(p.ending, e)
	d.EndsAt, d.Reason = e.At.UTC(), e.Reason
	return p.add(e.Key, typeResolved, e.Since, e.At, d)
}

// assure tells once more that an alert fires of which it is not sure that it was
// told: where it was, nothing comes of it.
func (p *page) assure(key string, was known) error {
	if !was.unsure {
		return nil
	}
	was.unsure = false
	if p.has(key, was.Since) {
		p.firing[key] = was
	}
	return p.add(key, typeFiring, was.Since, was.Since, was.data(stateFiring))
}

// has reports whether an alert is in the book that began then: it may have ended
// and begun anew.
func (p *page) has(key string, since time.Time) bool {
	now, there := p.firing[key]
	return there && now.Since.Equal(since)
}

// maxKnown bounds what is remembered.
const maxKnown = 10_000

// take writes a transition down, and what is to be told of it: nothing, where
// that is known.
func (p *page) take(t transition) error {
	key := keyOf(t.Alert)
	was, there := p.firing[key]
	switch {
	case t.kind == alerts.Resolved && !there:
		return nil
	case t.kind == alerts.Resolved:
		return p.end(ended{key, was, t.at, t.reason}, dataOf(t, was.Since))
	case there:
		return p.change(key, was, t)
	case len(p.firing) >= maxKnown:
		p.left++
		return nil
	}
	p.firing[key], p.began = noted(t, t.Status.Since), true
	return p.add(key, typeFiring, t.Status.Since, t.at, dataOf(t, t.Status.Since))
}

// change tells what is new of an alert that fires already.
func (p *page) change(key string, was known, t transition) error {
	if err := p.assure(key, was); err != nil {
		return err
	}
	if was.Tier == t.Status.Tier && was.Frozen == t.Status.Frozen {
		return nil
	}
	p.firing[key], p.changed = noted(t, was.Since), true
	return p.add(key, typeChanged, was.Since, t.at, dataOf(t, was.Since))
}

// unwatched is the reason of an alert that ended when nobody could tell.
const unwatched = "ended_unwatched"

// settle holds the book against what fires at a time.
func (p *page) settle(firing []Alert, at time.Time) error {
	fires := map[string]bool{}
	for _, a := range firing {
		fires[keyOf(a)] = true
		if err := p.take(transition{Alert: a, at: at, kind: alerts.Fired}); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.firing)) {
		if was := p.firing[key]; !fires[key] {
			if err := p.end(ended{key, was, at, unwatched}, was.data(stateResolved)); err != nil {
				return err
			}
		}
	}
	p.left = 0 // they were counted when they began
	return nil
}
