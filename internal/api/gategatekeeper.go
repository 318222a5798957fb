package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What Gatekeeper's external data calls itself.
const (
	gatekeeperVersion  = "externaldata.gatekeeper.sh/v1beta1"
	gatekeeperRequest  = "ProviderRequest"
	gatekeeperResponse = "ProviderResponse"
)

// maxKeys bounds the questions of one request.
const maxKeys = 1000

// providerRequest is what Gatekeeper sends, and providerResponse what it reads.
type providerRequest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Request    struct {
		Keys []string `json:"keys"`
	} `json:"request"`
}

type providerResponse struct {
	APIVersion string        `json:"apiVersion"`
	Kind       string        `json:"kind"`
	Response   providerItems `json:"response"`
}

type providerItems struct {
	Idempotent  bool           `json:"idempotent"`
	Items       []providerItem `json:"items"`
	SystemError string         `json:"systemError,omitempty"`
}

// providerItem answers one key: with a value or an error.
type providerItem struct {
	Key   string         `json:"key"`
	Value *providerValue `json:"value,omitempty"`
	Error string         `json:"error,omitempty"`
}

// providerValue is what a template sees of a verdict.
type providerValue struct {
	Decision             slo.GateDecision `json:"decision"`
	Reasons              []string         `json:"reasons"`
	Policy               string           `json:"policy"`
	ErrorBudgetRemaining *float64         `json:"error_budget_remaining"`
	Explanation          string           `json:"explanation"`
	ValidUntil           apitypes.Time    `json:"valid_until"`
}

// answerGatekeeper answers Gatekeeper's external data. What is wrong with all of a
// request is a system error in the document that Gatekeeper reads: of another one it
// would see no error at all.
func (a *api) answerGatekeeper(w http.ResponseWriter, r *http.Request) {
	keys, err := gatekeeperKeys(r)
	answer := providerResponse{APIVersion: gatekeeperVersion, Kind: gatekeeperResponse}
	answer.Response = providerItems{Idempotent: true, Items: make([]providerItem, 0, len(keys))}
	if err != nil {
		f := a.failureOf(r, err)
		answer.Response.SystemError = f.detail
		a.answerJSON(w, r, statusOf[f.code], answer)
		return
	}
	for _, key := range keys {
		answer.Response.Items = append(answer.Response.Items, a.providerItem(r, key))
	}
	a.answerJSON(w, r, http.StatusOK, answer)
}

func gatekeeperKeys(r *http.Request) ([]string, error) {
	if err := noParameters(r.URL.RawQuery); err != nil {
		return nil, err
	}
	body, err := readBody(r, maxBody)
	if err != nil {
		return nil, err
	}
	var request providerRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, fail(invalid, "body is no %s: %v", gatekeeperRequest, err)
	}
	switch n := len(request.Request.Keys); {
	case request.APIVersion != gatekeeperVersion:
		return nil, fail(invalid, "apiVersion is %q; this engine speaks %s", request.APIVersion, gatekeeperVersion)
	case request.Kind != gatekeeperRequest:
		return nil, fail(invalid, "kind is %q, not %s", request.Kind, gatekeeperRequest)
	case n == 0:
		return nil, fail(invalid, "request.keys is empty: send a service, as checkout, checkout/prod or checkout/prod?version=v2")
	case n > maxKeys:
		return nil, fail(invalid, "request.keys has %d keys; send at most %d", n, maxKeys)
	}
	return request.Request.Keys, nil
}

// providerItem answers one key; one that is wrong hurts no other.
func (a *api) providerItem(r *http.Request, key string) providerItem {
	q, err := questionOfKey(key)
	if err != nil {
		return providerItem{Key: key, Error: err.Error()}
	}
	v := a.Gates.Ask(r.Context(), q)
	if v.Decision == slo.GateUnknown {
		return providerItem{Key: key, Error: inShort(&v)}
	}
	return providerItem{Key: key, Value: &providerValue{
		Decision: v.Decision, Reasons: because(&v), Policy: v.Policy, Explanation: a.explanation(&v),
		ErrorBudgetRemaining: apitypes.Optional(v.Remaining), ValidUntil: apitypes.Time{Time: v.ValidUntil},
	}}
}

// questionOfKey reads SERVICE[/ENVIRONMENT][?kind=…&version=…&baseline=…&slo=…],
// escaped as a URL is.
func questionOfKey(key string) (gate.Request, error) {
	path, query, _ := strings.Cut(key, "?")
	q, rest, err := partOfQuestion(query)
	if err == nil {
		err = noMore(rest)
	}
	if err != nil {
		return q, err
	}
	service, environment, _ := strings.Cut(path, "/")
	for _, w := range []word{{"service", service}, {"environment", environment}} {
		text, err := url.PathUnescape(w.text)
		if err != nil {
			return q, fail(invalid, "key %q cannot be read: %v", key, err)
		}
		take(&q, w.name, text)
	}
	if q.Service == "" {
		return q, fail(invalid, "key %q names no service; write one as checkout, checkout/prod or checkout/prod?version=v2", key)
	}
	return q, checkQuestion(&q)
}
