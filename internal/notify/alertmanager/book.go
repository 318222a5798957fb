package alertmanager

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// item is an alert on its way to the senders.
type item struct {
	// key is its whole label set, so no two alerts can be mistaken for each
	// other as they could by a hash.
	key string
	// group is what it travels with: see groupOf.
	group string
	alert alerts.Alert
}

// held is an alert between its first send and its being forgotten.
type held struct {
	item
	// sentAt is when it was last handed to the lanes.
	sentAt time.Time
	// resolvedSeen is when we learned that it ended, which may be later than
	// when it did; zero while it fires.
	resolvedSeen time.Time
}

// book knows every alert and when each is due. It has no clock of its own and
// is not safe for concurrent use.
type book struct {
	resend    time.Duration
	retention time.Duration
	// most is how many are handed out at a time: what a queue cannot take
	// would be dropped, the same ones each time. Zero: all.
	most    int
	entries map[string]*held
}

func newBook(resend, retention time.Duration) *book {
	return &book{resend: resend, retention: retention, entries: map[string]*held{}}
}

// put records the batch and returns the alerts that are new or changed, in
// their order. Those beyond the most are due at once, but for what travels
// with the last one.
func (b *book) put(now time.Time, batch []alerts.Alert) []item {
	var changed []item
	for _, a := range batch {
		key := keyOf(a.Labels)
		h, known := b.entries[key]
		if known && same(h.alert, a) || !known && b.stale(now, a) {
			continue
		}
		h = &held{item: item{key: key, group: groupOf(a, key), alert: a}, sentAt: now}
		if !a.Firing() {
			h.resolvedSeen = now
		}
		b.entries[key] = h
		if b.full(changed, h.group) {
			h.sentAt = time.Time{}
			continue
		}
		changed = append(changed, h.item)
	}
	return changed
}

func (b *book) full(list []item, group string) bool {
	return b.most > 0 && len(list) >= b.most && list[len(list)-1].group != group
}

// stale reports whether a resolved alert was told and forgotten long ago, or
// would be at once: an engine that goes on mentioning it must not revive it.
func (b *book) stale(now time.Time, a alerts.Alert) bool {
	return !a.Firing() && now.Sub(a.ResolvedAt) >= b.retention
}

// due forgets what has been resolved for long enough and returns what is to be
// sent again, in a stable order; of more than the most those that wait longest.
func (b *book) due(now time.Time) []item {
	var again []*held
	for key, h := range b.entries {
		switch {
		case !h.resolvedSeen.IsZero() && now.Sub(h.resolvedSeen) >= b.retention:
			delete(b.entries, key)
		// A last send in the future means that the clock was set back;
		// waiting for it to catch up could let the alert expire.
		case now.Sub(h.sentAt) >= b.resend || h.sentAt.After(now):
			again = append(again, h)
		}
	}
	slices.SortFunc(again, func(x, y *held) int {
		return cmp.Or(x.sentAt.Compare(y.sentAt), strings.Compare(x.key, y.key))
	})
	if b.most > 0 && len(again) > b.most {
		again = again[:b.most]
	}
	items := make([]item, len(again))
	for i, h := range again {
		h.sentAt, items[i] = now, h.item
	}
	return items
}

// all returns every alert, sorted by its labels.
func (b *book) all() []alerts.Alert {
	out := make([]alerts.Alert, 0, len(b.entries))
	for _, key := range slices.Sorted(maps.Keys(b.entries)) {
		out = append(out, b.entries[key].alert)
	}
	return out
}

// keyOf is the label set in one string. The separators cannot occur in it,
// since label names and values are UTF-8.
func keyOf(labels map[string]string) string {
	var s strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		s.WriteString(name)
		s.WriteByte(0xfe)
		s.WriteString(labels[name])
		s.WriteByte(0xff)
	}
	return s.String()
}

// groupOf names what must reach an Alertmanager together: the alerts of one SLO
// instance. Among them are the two halves of a label edit, and the critical
// alert that inhibits its warning.
func groupOf(a alerts.Alert, key string) string {
	if id := a.Labels["slo_id"]; id != "" {
		return id
	}
	return key
}

// same reports whether a tells nothing that old did not; their labels are known
// to be equal.
func same(old, a alerts.Alert) bool {
	return old.StartsAt.Equal(a.StartsAt) &&
		old.ResolvedAt.Equal(a.ResolvedAt) &&
		old.GeneratorURL == a.GeneratorURL &&
		maps.Equal(old.Annotations, a.Annotations)
}
