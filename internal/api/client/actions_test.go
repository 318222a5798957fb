package client

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api"
	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/engine"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func healingEngine(t *testing.T) (*apitest.Healer, *Client) {
	t.Helper()
	h := apitest.New(t, remediation.ModeEnforce)
	h.Fill(t)
	server := httptest.NewServer(api.New(api.Options{
		Snapshot: func() *engine.Snapshot { return &engine.Snapshot{At: noon} },
		Actions: &api.Actions{
			Mode: remediation.ModeEnforce, Gateways: h.Gate, Now: h.Now,
			Open:      func() (api.ActionRunner, api.ActionRecords, bool) { return h.Runner, h.Store, true },
			Playbooks: func() []*slo.Remediation { return h.Playbooks },
		},
	}))
	t.Cleanup(server.Close)
	return h, clientOf(t, server.URL)
}

func TestClientLooksAtActions(t *testing.T) {
	_, c := healingEngine(t)
	ctx := t.Context()
	for want, f := range map[int]ActionFilter{
		4: {}, 2: {States: []string{"held", "contested"}, Since: apitest.Noon.Add(-time.Hour)}, 1: {Service: "checkout", Gateway: "edge", Open: true, Limit: 1},
	} {
		if list, err := c.Actions(ctx, f); err != nil || len(list.Actions) != want || list.Mode != "enforce" {
			t.Errorf("%+v: %d, %v", f, len(list.Actions), err)
		}
	}
	if a, err := c.Action(ctx, apitest.HeldID); err != nil || a.What != "shift 60% of v2 to v1" || len(a.Timeline) != 6 || len(a.Plan.Undo) != 1 {
		t.Errorf("%+v, %v", a, err)
	}
	if list, err := c.Remediations(ctx); err != nil || len(list) != 2 || len(list[1].HeldBack) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if dead, err := c.DeadLetters(ctx, 3); err != nil || len(dead) != 1 || dead[0].Problem != "410 Gone" {
		t.Errorf("%+v, %v", dead, err)
	}
	var refused *Error
	if _, err := c.Action(ctx, "x/../y"); !errors.As(err, &refused) || refused.Problem.Status != 404 {
		t.Errorf("%v", err)
	}
}

func TestClientChangesThings(t *testing.T) {
	h, c := healingEngine(t)
	ctx, waiting := t.Context(), "20260301t115900-000000-00002"
	if a, err := c.Approve(ctx, waiting, "yes"); err != nil || a.AnsweredBy != "local" || a.Note != "yes" {
		t.Errorf("%+v, %v", a, err)
	}
	var refused *Error
	if _, err := c.Reject(ctx, waiting, ""); !errors.As(err, &refused) || refused.Problem.Status != 409 {
		t.Errorf("%v", err)
	}
	if a, err := c.Undo(ctx, apitest.HeldID, "now"); err != nil || a.UndoAskedBy != "local" {
		t.Errorf("%+v, %v", a, err)
	}
	if s, err := c.Pause(ctx, ""); err != nil || s.PausedBy != "local" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err := c.Resume(ctx, ""); err != nil || s.PausedBy != "" {
		t.Errorf("%+v, %v", s, err)
	}
	if a, err := c.SetAutonomy(ctx, "a/b", "advise", ""); err != nil || a.Level != "advise" {
		t.Errorf("%+v, %v", a, err)
	}
	if a, err := c.Autonomy(ctx, "a/b"); err != nil || a.SetBy != "local" || a.Known {
		t.Errorf("%+v, %v", a, err)
	}
	if d, err := c.Drill(ctx, "ask-first", nil, false); err != nil || !d.Sound || h.Gate.Writes() != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}
