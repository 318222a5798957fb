package api

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// flaggerCall is what Flagger sends. Its phase is how far the canary is, and not
// which hook calls: that has to be said, for a rollback hook that is taken for
// another would roll back what may go on.
type flaggerCall struct {
	Name     string            `json:"name"`
	Phase    string            `json:"phase"`
	Metadata map[string]string `json:"metadata"`
}

// The hooks of Flagger.
const (
	hookConfirmRollout   = "confirm-rollout"
	hookConfirmTraffic   = "confirm-traffic-increase"
	hookConfirmPromotion = "confirm-promotion"
	hookPreRollout       = "pre-rollout"
	hookRollout          = "rollout"
	hookPostRollout      = "post-rollout"
	hookRollback         = "rollback"
	hookEvent            = "event"
)

var flaggerHooks = []string{
	hookConfirmRollout, hookConfirmTraffic, hookConfirmPromotion, hookPreRollout,
	hookRollout, hookPostRollout, hookRollback, hookEvent,
}

// answerFlagger answers a webhook of Flagger: 200 is yes, and 403 no, with a line of
// text that becomes Flagger's event.
func (a *api) answerFlagger(w http.ResponseWriter, r *http.Request) {
	hook, q, err := flaggerQuestion(r)
	if err != nil {
		f := a.failureOf(r, err)
		writeLine(w, statusOf[f.code], f.detail)
		return
	}
	if !asks(hook) {
		writeLine(w, http.StatusOK, "nothing is asked by "+hook)
		return
	}
	v := a.Gates.Ask(r.Context(), q)
	if !goesOn(hook, &v) {
		writeLine(w, http.StatusForbidden, a.explained(&v))
		return
	}
	writeLine(w, http.StatusOK, a.explained(&v))
}

// asks reports whether it matters what a hook is told: of others Flagger writes it
// down at most.
func asks(hook string) bool { return hook != hookPostRollout && hook != hookEvent }

// goesOn reports whether a hook succeeds.
//
//   - Where Flagger can wait without counting it, it waits for allow.
//   - Before a canary gets traffic, and while it has some, a failure is counted, and
//     the canary is taken back when there are too many. What is unknown is then what
//     the policy makes of it. Hold lets no canary begin, and takes none back.
//   - A rollback hook that succeeds rolls back: it does so for a deny alone.
func goesOn(hook string, v *gate.Verdict) bool {
	switch hook {
	case hookRollback:
		return v.Decision == slo.GateDeny
	case hookPreRollout:
		return heard(v) == slo.GateAllow
	case hookRollout:
		return heard(v) != slo.GateDeny
	}
	return v.Decision == slo.GateAllow
}

// flaggerQuestion reads which hook calls, and what it asks. The metadata has the last
// word, then the URL.
func flaggerQuestion(r *http.Request) (hook string, q gate.Request, err error) {
	q, rest, err := partOfQuestion(r.URL.RawQuery)
	if err == nil {
		err = noMore(rest, "hook")
	}
	if err != nil {
		return "", q, err
	}
	call, err := readFlagger(r)
	if err != nil {
		return "", q, err
	}
	for name, value := range call.Metadata {
		take(&q, name, value) // what else is there is for others
	}
	if q.Service == "" {
		q.Service = call.Name
	}
	if hook, err = hookOf(rest["hook"], call); err != nil || !asks(hook) {
		return hook, q, err
	}
	return hook, q, checkQuestion(&q)
}

// readFlagger reads leniently: a newer Flagger may send more.
func readFlagger(r *http.Request) (call flaggerCall, err error) {
	body, err := readBody(r, maxBody)
	if err != nil {
		return call, err
	}
	if err := json.Unmarshal(body, &call); err != nil {
		return call, fail(invalid, "body is not what Flagger's webhooks send: %v", err)
	}
	return call, nil
}

func hookOf(inURL string, call flaggerCall) (string, error) {
	hook := inURL
	if said := call.Metadata["hook"]; said != "" {
		hook = said
	}
	if hook == "" && slices.Contains(flaggerHooks, call.Phase) {
		hook = call.Phase
	}
	switch {
	case hook == "":
		return "", fail(invalid, "which hook calls is not said, and Flagger does not tell: write the type of the webhook into its url, as ?hook=%s", hookConfirmRollout)
	case !slices.Contains(flaggerHooks, hook):
		return "", fail(invalid, "hook %q is none of Flagger's; %s", hook, strictyaml.Suggest(hook, flaggerHooks))
	}
	return hook, nil
}

// writeLine answers with one line for people.
func writeLine(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, strings.TrimSpace(oneLine(text))) // the client may be gone
}
