package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// codeBadQuestion is the code of a question that cannot be read, where that is told
// as a verdict.
const codeBadQuestion gate.Code = "bad_question"

// answerRollouts answers Argo Rollouts' web metric. To that, any status but 2xx is
// an error, and five of them abort a rollout: so a question that cannot be read is
// unknown, which conditions can tell from deny, and the reason says why.
func (a *api) answerRollouts(w http.ResponseWriter, r *http.Request) {
	q, err := rolloutsQuestion(r)
	var v gate.Verdict
	if err == nil {
		v = a.Gates.Ask(r.Context(), q)
	} else {
		v = gate.Verdict{
			Request: q, Decision: slo.GateUnknown,
			Reasons: []gate.Reason{{Code: codeBadQuestion, Decision: slo.GateUnknown, Text: err.Error()}},
		}
	}
	a.answerJSON(w, r, http.StatusOK, a.flat(&v))
}

// rolloutsQuestion reads the query, and of a POST the body, which has the last word.
func rolloutsQuestion(r *http.Request) (gate.Request, error) {
	q, rest, err := partOfQuestion(r.URL.RawQuery)
	if err == nil {
		err = noMore(rest)
	}
	if err == nil && r.Method == http.MethodPost {
		err = takeBody(&q, r)
	}
	if err != nil {
		return q, err
	}
	return q, checkQuestion(&q)
}

// takeBody takes the words of a JSON object.
func takeBody(q *gate.Request, r *http.Request) error {
	body, err := readBody(r, maxBody)
	if err != nil || len(body) == 0 {
		return err
	}
	var words map[string]any
	if err := json.Unmarshal(body, &words); err != nil {
		return fail(invalid, "body is no JSON object: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(words)) {
		text, ok := words[name].(string)
		if !ok && words[name] != nil {
			return fail(invalid, "%q in the body is no string; write it in quotes", name)
		}
		if !take(q, name, text) {
			return unknownWord(name)
		}
	}
	return nil
}

// flat is a verdict without depth: conditions and JSON paths need not search.
func (a *api) flat(v *gate.Verdict) map[string]any {
	fields := map[string]any{
		"id": v.ID, "decision": v.Decision, "if_unknown": heardIfUnknown(v),
		"service": v.Request.Service, "environment": v.Request.Environment, "version": v.Request.Version,
		"policy": v.Policy, "leading_slo": v.Leading, "code": "",
		"reason": strings.TrimPrefix(inShort(v), string(v.Decision)+": "), "explanation": a.explanation(v),
		"budget_remaining":   apitypes.Optional(v.Remaining),
		"budget_consumed_1h": apitypes.Optional(v.ConsumedIn1h),
		"at":                 apitypes.Time{Time: v.At}, "valid_until": apitypes.Time{Time: v.ValidUntil},
	}
	if len(v.Reasons) > 0 {
		fields["code"] = v.Reasons[0].Code
	}
	for _, b := range v.Burns {
		fields["burn_rate_"+slo.FormatDuration(b.Window)] = apitypes.Optional(b.Rate)
	}
	return fields
}

// heardIfUnknown is what to make of unknown, also of a verdict of no policy.
func heardIfUnknown(v *gate.Verdict) slo.GateDecision {
	unknown := *v
	unknown.Decision = slo.GateUnknown
	return heard(&unknown)
}
