package webhook

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2/event"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// The types of events about alerts.
const (
	typeFiring   = "dev.slo-engine.alert.firing"
	typeChanged  = "dev.slo-engine.alert.changed"
	typeResolved = "dev.slo-engine.alert.resolved"
)

// The values of an alert's state.
const (
	stateFiring   = "firing"
	stateResolved = "resolved"
)

// Alert is one that fires, with what is known of it.
type Alert struct {
	Who    alerts.Subject
	Status alerts.Status
	Facts  alerts.Facts
}

// transition is a change of an alert at a time.
type transition struct {
	Alert
	at     time.Time
	kind   alerts.Kind
	reason string
}

// data is what an event says of an alert. A number that is not known is null.
type data struct {
	State       string            `json:"state"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	StartsAt    time.Time         `json:"starts_at"`
	EndsAt      time.Time         `json:"ends_at,omitzero"`
	Tier        string            `json:"tier"`
	// Reason is why it ended.
	Reason string `json:"reason,omitempty"`
	// Frozen says that there are no samples: it neither fires nor resolves.
	Frozen bool `json:"frozen"`
	// Quiet alerts are for machines: no Alertmanager is told of them.
	Quiet     bool     `json:"quiet"`
	Burn      *float64 `json:"burn"`
	ShortBurn *float64 `json:"short_burn"`
	Remaining *float64 `json:"remaining"`
	URL       string   `json:"url,omitempty"`
}

// dataOf is what there is to say of a transition.
func dataOf(t transition, since time.Time) data {
	rendered := alerts.Render(t.Who, t.Status, t.Facts)
	d := data{
		State: stateFiring, Labels: rendered.Labels, Annotations: rendered.Annotations, StartsAt: since.UTC(),
		Tier: t.Status.Tier, Frozen: t.Status.Frozen, URL: t.Who.URL,
		Quiet: t.Status.Severity == alerts.None || alerts.Silenced(t.Who.Spec, t.Status),
		Burn:  finite(t.Facts.LongBurn), ShortBurn: finite(t.Facts.ShortBurn), Remaining: finite(t.Facts.Remaining),
	}
	if t.kind == alerts.Resolved {
		d.State, d.EndsAt, d.Reason = stateResolved, t.at.UTC(), t.reason
	}
	return d
}

// finite is a number that JSON can say.
func finite(f *float64) *float64 {
	if f == nil || math.IsNaN(*f) || math.IsInf(*f, 0) {
		return nil
	}
	return f
}

// copied are facts that stay as they are: those of an engine's tick are its own.
func copied(f alerts.Facts) alerts.Facts {
	f.LongBurn, f.ShortBurn, f.Remaining = same(f.LongBurn), same(f.ShortBurn), same(f.Remaining)
	f.Exhaustion = same(f.Exhaustion)
	return f
}

func same[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// idOf names a transition: the same whenever it is told. An alert begins and
// ends once, and may change often.
func idOf(key string, since, at time.Time, kind string) string {
	word := kind[strings.LastIndexByte(kind, '.')+1:]
	id := fmt.Sprintf("%s-%016x-%s", sloOf(key), xxhash.Sum64String(fmt.Sprintf("%s\x00%d", key, since.UnixMicro())), word)
	if kind == typeChanged {
		id += fmt.Sprintf("-%d", at.UnixMicro())
	}
	return id
}

// event is a CloudEvent about an alert.
func event(source, id, kind, subject string, at time.Time, d data) (json.RawMessage, error) {
	e := cloudevents.New(cloudevents.CloudEventsVersionV1)
	e.SetID(id)
	e.SetSource(source)
	e.SetType(kind)
	e.SetSubject(subject)
	e.SetTime(at.UTC())
	if err := e.SetData(cloudevents.ApplicationJSON, d); err != nil {
		return nil, fmt.Errorf("write event %s: %w", id, err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write event %s: %w", id, err)
	}
	return body, nil
}
