package api

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

// maxNote bounds what people say, in characters: it is kept for ever.
const maxNote = 1000

// noted reads what somebody says, and who that is.
func noted(r *http.Request) (who, note string, err error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return "", "", err
	}
	var body apitypes.Noted
	if err := readJSON(r, &body); err != nil {
		return "", "", err
	}
	return auth.From(r.Context()).Name, body.Note, checkNote(body.Note)
}

func checkNote(note string) error {
	if n := utf8.RuneCountInString(note); n > maxNote {
		return fail(invalid, "note has %d characters; write at most %d", n, maxNote)
	}
	return nil
}

// answering is a route that answers an action.
type answering func(ctx context.Context, id, who, note string) (remediation.Record, error)

// onAction asks for something about the action of the path.
func onAction(choose func(ActionRunner) answering) func(*healing, *http.Request) (any, error) {
	return func(h *healing, r *http.Request) (any, error) {
		who, note, err := noted(r)
		if err != nil {
			return nil, err
		}
		rec, err := choose(h.ActionRunner)(r.Context(), r.PathValue("id"), who, note)
		if err != nil {
			return nil, err
		}
		return actionOf(rec), nil
	}
}

// switching pulls the kill switch, or lets go of it.
func switching(choose func(ActionRunner) func(ctx context.Context, who, note string) error) func(*healing, *http.Request) (any, error) {
	return func(h *healing, r *http.Request) (any, error) {
		who, note, err := noted(r)
		if err != nil {
			return nil, err
		}
		if err := choose(h.ActionRunner)(r.Context(), who, note); err != nil {
			return nil, err
		}
		return h.state(r.Context())
	}
}

func approve(r ActionRunner) answering { return r.Approve }
func reject(r ActionRunner) answering  { return r.Reject }
func undo(r ActionRunner) answering    { return r.Undo }

func pause(r ActionRunner) func(ctx context.Context, who, note string) error  { return r.Pause }
func resume(r ActionRunner) func(ctx context.Context, who, note string) error { return r.Resume }
