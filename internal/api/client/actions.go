package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// ActionFilter selects actions; what is empty selects all.
type ActionFilter struct {
	// States takes actions in any of these.
	States           []string
	Service, Gateway string
	// Open takes only those that have not ended.
	Open bool
	// Since takes those that were created then or later.
	Since time.Time
	// Limit bounds how many there are. 0: the engine's usual 100.
	Limit int
}

func (f ActionFilter) query() url.Values {
	q := url.Values{}
	for _, s := range f.States {
		q.Add("state", s)
	}
	set := func(name, value string, wanted bool) {
		if wanted {
			q.Set(name, value)
		}
	}
	set("service", f.Service, f.Service != "")
	set("gateway", f.Gateway, f.Gateway != "")
	set("open", "true", f.Open)
	set("since", f.Since.UTC().Format(time.RFC3339Nano), !f.Since.IsZero())
	set("limit", strconv.Itoa(f.Limit), f.Limit > 0)
	return q
}

// Actions lists the actions that the filter selects, the newest first, and says
// whether anything is done at all.
func (c *Client) Actions(ctx context.Context, f ActionFilter) (list apitypes.ActionList, err error) {
	err = c.get(ctx, &list, f.query(), "api/v1/actions")
	return list, err
}

// Action returns one action, with its plan, evidence and timeline.
func (c *Client) Action(ctx context.Context, id string) (detail apitypes.ActionDetail, err error) {
	err = c.get(ctx, &detail, nil, "api/v1/actions", id)
	return detail, err
}

// Approve says yes to an action that waits for it, and returns it as it is then.
func (c *Client) Approve(ctx context.Context, id, note string) (apitypes.Action, error) {
	return c.onAction(ctx, id, "approve", note)
}

// Reject says no to an action that waits for an answer.
func (c *Client) Reject(ctx context.Context, id, note string) (apitypes.Action, error) {
	return c.onAction(ctx, id, "reject", note)
}

// Undo asks for an action to be taken back at once.
func (c *Client) Undo(ctx context.Context, id, note string) (apitypes.Action, error) {
	return c.onAction(ctx, id, "undo", note)
}

func (c *Client) onAction(ctx context.Context, id, what, note string) (action apitypes.Action, err error) {
	err = c.send(ctx, http.MethodPost, apitypes.Noted{Note: note}, &action, "api/v1/actions", id, what)
	return action, err
}

// Pause pulls the kill switch: nothing is written at any gateway.
func (c *Client) Pause(ctx context.Context, note string) (s apitypes.Switch, err error) {
	err = c.send(ctx, http.MethodPost, apitypes.Noted{Note: note}, &s, "api/v1/actions/pause")
	return s, err
}

// Resume lets go of the kill switch.
func (c *Client) Resume(ctx context.Context, note string) (s apitypes.Switch, err error) {
	err = c.send(ctx, http.MethodPost, apitypes.Noted{Note: note}, &s, "api/v1/actions/resume")
	return s, err
}

// Autonomy says how much is done for a service without asking.
func (c *Client) Autonomy(ctx context.Context, service string) (a apitypes.Autonomy, err error) {
	err = c.get(ctx, &a, nil, "api/v1/autonomy", service)
	return a, err
}

// SetAutonomy sets it: auto, approve or advise.
func (c *Client) SetAutonomy(ctx context.Context, service, level, note string) (a apitypes.Autonomy, err error) {
	err = c.send(ctx, http.MethodPut, apitypes.AutonomyChange{Level: level, Note: note}, &a, "api/v1/autonomy", service)
	return a, err
}

// Remediations lists the playbooks in force, by name.
func (c *Client) Remediations(ctx context.Context) ([]apitypes.Remediation, error) {
	var list apitypes.RemediationList
	err := c.get(ctx, &list, nil, "api/v1/remediations")
	return list.Remediations, err
}

// Drill rehearses a playbook for an alert with such labels; real: at the
// gateways, with an undo right after.
func (c *Client) Drill(ctx context.Context, playbook string, labels map[string]string, real bool) (d apitypes.Drill, err error) {
	err = c.send(ctx, http.MethodPost, apitypes.DrillRequest{Labels: labels, Real: real}, &d, "api/v1/remediations", playbook, "drill")
	return d, err
}

// Resend sends dead messages once more, and says how many of the ids were dead.
func (c *Client) Resend(ctx context.Context, ids ...string) (int, error) {
	var answer apitypes.Resent
	err := c.send(ctx, http.MethodPost, apitypes.ResendRequest{IDs: ids}, &answer, "api/v1/outbox/resend")
	return answer.Resent, err
}

// DeadLetters lists the messages that their receivers never took; limit 0: the
// engine's usual 100.
func (c *Client) DeadLetters(ctx context.Context, limit int) ([]apitypes.DeadLetter, error) {
	var list apitypes.DeadLetterList
	q := url.Values{}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	err := c.get(ctx, &list, q, "api/v1/outbox/dead")
	return list.Messages, err
}
