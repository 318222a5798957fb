package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Actions is remediation, as far as it is shown, and as people have a say in
// it. Open and Playbooks must be set.
type Actions struct {
	// Mode is what the engine as a whole may do.
	Mode remediation.Mode
	// Open returns who acts, and what is on record; false while the state cannot
	// be opened: then requests are answered 503.
	Open func() (ActionRunner, ActionRecords, bool)
	// Playbooks are those in force.
	Playbooks func() []*slo.Remediation
	// Gateways tell what they can guarantee. nil: that is not shown.
	Gateways remediation.Gateways
	// Leader names the engine that acts. nil: that is not shown.
	Leader func() string
	// Now is the clock. nil: time.Now.
	Now func() time.Time
}

// ActionRunner is what people may ask of remediation: a *remediation.Runner.
type ActionRunner interface {
	Approve(ctx context.Context, id, who, note string) (remediation.Record, error)
	Reject(ctx context.Context, id, who, note string) (remediation.Record, error)
	Undo(ctx context.Context, id, who, note string) (remediation.Record, error)
	Pause(ctx context.Context, who, note string) error
	Resume(ctx context.Context, who, note string) error
	Paused(ctx context.Context) (who string, err error)
	SetAutonomy(ctx context.Context, service string, level remediation.Level, who, note string) error
	Rehearse(ctx context.Context, p *slo.Remediation, labels map[string]string) []remediation.Rehearsal
	Drill(ctx context.Context, p *slo.Remediation, labels map[string]string, who string) (remediation.DrillReport, error)
}

// ActionRecords is what is on record: of a remediation.Store, what is read here,
// and what dead messages need.
type ActionRecords interface {
	Get(ctx context.Context, id string) (remediation.Record, error)
	Find(ctx context.Context, q remediation.Query) ([]remediation.Record, error)
	Entries(ctx context.Context, q remediation.EntryQuery) ([]remediation.Entry, error)
	Setting(ctx context.Context, name string) (json.RawMessage, error)
	Dead(ctx context.Context, most int) ([]remediation.Message, error)
	// Revive and Append are what sending dead messages again needs.
	Revive(ctx context.Context, now time.Time, ids ...string) (int, error)
	Append(ctx context.Context, entries ...remediation.Entry) error
}

var (
	_ ActionRunner  = (*remediation.Runner)(nil)
	_ ActionRecords = remediation.Store(nil)
)

// healing is remediation while it can be asked.
type healing struct {
	*Actions
	ActionRunner
	ActionRecords
}

// howOn says how to switch remediation on.
const howOn = "remediation is off in this engine: write remediation: {mode: dry_run}, or enforce, in slo-engine.yaml"

// healing is who acts, and what is on record, for requests that need them.
func (a *api) healing() (*healing, error) {
	if a.Actions == nil {
		return nil, fail(conflict, howOn)
	}
	runner, records, open := a.Actions.Open()
	if !open {
		return nil, fail(unavailable, "the state of actions is not open: the engine tries again and again, and its log says why")
	}
	return &healing{a.Actions, runner, records}, nil
}

func (h *healing) now() time.Time {
	if h.Now == nil {
		return time.Now()
	}
	return h.Now()
}

// withHealing answers with what f finds, and in its words when that fails.
func (a *api) withHealing(f func(*healing, *http.Request) (any, error)) http.Handler {
	return a.json(func(r *http.Request) (any, error) {
		h, err := a.healing()
		if err != nil {
			return nil, err
		}
		document, err := f(h, r)
		return document, a.named(r, err)
	})
}

// named is an error of remediation as a client may read it.
func (a *api) named(r *http.Request, err error) error {
	var known *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return known
	case errors.Is(err, remediation.ErrNotFound):
		return fail(missing, "there is no action %q; /api/v1/actions lists those there are", r.PathValue("id"))
	case errors.Is(err, remediation.ErrState):
		return fail(conflict, "%v", err)
	case errors.Is(err, remediation.ErrNotLeading):
		return fail(unavailable, "another engine has just begun to lead; ask again")
	}
	if r.Context().Err() != nil {
		return fail(unavailable, "the client has gone")
	}
	a.Logger.Error("state of actions not to be asked", "path", r.URL.Path, "err", err)
	if !changes(r) {
		return fail(unavailable, "the state of actions does not answer; the log says why")
	}
	return fail(unavailable, "the state of actions does not answer; the log says why. Look whether it was done before asking again")
}

// listActions answers an engine without remediation, too: it does nothing.
func (a *api) listActions(r *http.Request) (any, error) {
	q, err := parseActionQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	list := apitypes.ActionList{Switch: apitypes.Switch{Mode: string(remediation.ModeOff)}, Actions: []apitypes.Action{}}
	if a.Actions == nil {
		return list, nil
	}
	h, err := a.healing()
	if err != nil {
		return nil, err
	}
	records, err := h.Find(r.Context(), q)
	if err != nil {
		return nil, a.named(r, err)
	}
	for _, rec := range records {
		list.Actions = append(list.Actions, actionOf(rec))
	}
	list.Switch, err = h.state(r.Context())
	return list, a.named(r, err)
}

// state says whether anything is done at all.
func (h *healing) state(ctx context.Context) (apitypes.Switch, error) {
	s := apitypes.Switch{Mode: string(h.Mode)}
	if h.Leader != nil {
		s.Leader = h.Leader()
	}
	var err error
	s.PausedBy, err = h.Paused(ctx)
	return s, err
}

// maxTimeline bounds the audit of one action that is shown.
const maxTimeline = 1000

func (h *healing) show(r *http.Request) (any, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	rec, err := h.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	entries, err := h.Entries(r.Context(), remediation.EntryQuery{Action: rec.ID, Limit: maxTimeline})
	if err != nil {
		return nil, err
	}
	return apitypes.ActionDetail{
		Action: actionOf(rec), Plan: planOf(rec.Plan), Evidence: evidenceOf(rec),
		Guarantees: h.guarantees(rec), Timeline: timelineOf(entries),
	}, nil
}

// guarantees are those of the gateway with the settings of the record.
func (h *healing) guarantees(rec remediation.Record) *apitypes.Guarantees {
	if h.Gateways == nil || rec.Kind == "" {
		return nil
	}
	_, gateway, err := h.Gateways.Open(rec.Kind, rec.Settings)
	if err != nil {
		return nil // a gateway that this version does not know
	}
	return guaranteesOf(gateway.Guarantees())
}
