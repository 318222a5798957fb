package loki

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// The values of the label kind.
const (
	KindAlert  = "alert"
	KindAudit  = "audit"
	KindAction = "action"
)

// Entry is one line for Loki.
type Entry struct {
	Time time.Time
	// Kind is what the line is about: KindAlert, KindAudit, KindAction.
	Kind string
	// Service and Severity are labels too; an empty one is left out.
	Service, Severity string
	// Line is JSON.
	Line string
}

// size is what an entry counts for in the queue: its line, and about what goes
// with it.
func (e Entry) size() int { return len(e.Line) + 100 }

// Alert is the entry of an alert that fired, changed or resolved at now.
func Alert(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts) Entry {
	line, err := json.Marshal(alertLine(now, who, event, facts))
	if err != nil { // a burn rate that is no number
		line = fmt.Appendf(nil, `{"event":%q,"slo_id":%q,"error":%q}`, event.Kind, who.ID, err)
	}
	return Entry{
		Time: now, Kind: KindAlert, Service: who.Spec.Service, Severity: string(event.Severity), Line: string(line),
	}
}

// transition is the line of an alert. Its fields are named as the labels and
// annotations of the alert are, where it has them too.
type transition struct {
	Time      time.Time         `json:"time"`
	Event     string            `json:"event"` // fired, changed, resolved
	AlertName string            `json:"alertname"`
	SLOID     string            `json:"slo_id"`
	SLO       string            `json:"slo"`
	Group     map[string]string `json:"group,omitempty"`
	Tier      string            `json:"tier,omitempty"`
	Since     time.Time         `json:"since"`
	Reason    string            `json:"reason,omitempty"`
	Frozen    bool              `json:"frozen,omitempty"`
	// Quiet alerts are shown and counted, and no Alertmanager is told.
	Quiet bool `json:"quiet,omitempty"`

	Burn      *float64 `json:"burn,omitempty"`
	ShortBurn *float64 `json:"short_burn,omitempty"`
	Remaining *float64 `json:"remaining,omitempty"`
	// TopContributors and TraceIDs are of the bad events, the worst and the
	// newest first.
	TopContributors []string `json:"top_contributors,omitempty"`
	TraceIDs        []string `json:"trace_ids,omitempty"`
	URL             string   `json:"url,omitempty"`
}

func alertLine(now time.Time, who alerts.Subject, event alerts.Event, facts alerts.Facts) transition {
	return transition{
		Time: now.UTC(), Event: event.Kind.String(),
		AlertName: alerts.NameOf(who.Spec, event.Name),
		SLOID:     who.ID, SLO: who.Spec.Name, Group: who.Group, Tier: event.Tier,
		Since: event.Since.UTC(), Reason: event.Reason, Frozen: event.Frozen,
		Quiet: event.Severity == alerts.None || alerts.Silenced(who.Spec, event.Status),
		Burn:  facts.LongBurn, ShortBurn: facts.ShortBurn, Remaining: facts.Remaining,
		TopContributors: facts.Top, TraceIDs: facts.Traces, URL: who.URL,
	}
}
