package app

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// onRecord is a store that only finds.
type onRecord struct {
	remediation.Store
	records []remediation.Record
}

func (o *onRecord) Find(_ context.Context, q remediation.Query) (list []remediation.Record, err error) {
	for _, rec := range o.records {
		if !q.Open || !rec.State.Over() {
			list = append(list, rec)
		}
	}
	return list, nil
}

// People are called to an action that is escalated or contested, with one alert
// that stays the same one, and no longer than half an hour after its end.
func TestActionsThatNeedAPersonAlert(t *testing.T) {
	begin := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	store := &onRecord{}
	var said []string
	a := &attention{
		store: store, ended: map[string]remediation.Event{}, fired: map[string]alerts.Alert{},
		link: func(path ...string) string { return fmt.Sprint(path) },
		fail: func(err error) { t.Error(err) },
		put: func(_ time.Time, batch ...alerts.Alert) {
			for _, one := range batch {
				said = append(said, fmt.Sprintf("%s %s firing=%v since %s", one.Labels["action"], one.Labels["severity"], one.Firing(), one.StartsAt.Format("15:04")))
			}
		},
	}
	look := func(after time.Duration, want ...string) {
		t.Helper()
		said = nil
		a.look(t.Context(), begin.Add(after))
		if diff := cmp.Diff(want, said); diff != "" {
			t.Errorf("after %s (-want +said):\n%s", after, diff)
		}
	}
	rec := remediation.Record{ID: "a1", Service: "shop", SLO: "shop:availability:0123", State: remediation.Holding, Updated: begin}
	store.records = []remediation.Record{rec, {ID: "dry", State: remediation.Verifying, Escalated: true, DryRun: true}}
	look(0)

	rec.Escalated = true
	store.records[0] = rec
	look(time.Minute, "a1 critical firing=true since 12:00")

	rec.State, rec.Updated = remediation.Contested, begin.Add(2*time.Minute)
	store.records[0] = rec
	a.told(remediation.EventOf(rec, ""))
	look(2*time.Minute, "a1 critical firing=true since 12:00")
	look(31*time.Minute, "a1 critical firing=true since 12:00")
	look(32*time.Minute, "a1 critical firing=false since 12:00")
	look(33 * time.Minute)
}

func TestNameOfAnSLO(t *testing.T) {
	for id, want := range map[string]string{"shop:availability": "availability", "shop:availability:0123456789abcdef": "availability", "": ""} {
		if got := sloOf(id); got != want {
			t.Errorf("%q: %q", id, got)
		}
	}
}
