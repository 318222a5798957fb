package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	admission "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// What Kubernetes calls what it asks admission webhooks.
const (
	admissionVersion = "admission.k8s.io/v1"
	admissionKind    = "AdmissionReview"
)

// maxReview bounds an AdmissionReview: an object as large as an API server takes it,
// as it was and as it is to be.
const maxReview = 8 << 20

// lowBudget is the share of an error budget below which who ships is warned.
const lowBudget = 0.1

// maxWarning bounds a warning, in bytes: an API server cuts longer ones.
const maxWarning = 256

// clusterNamespaces are never held up: a cluster that cannot repair itself is worse
// than any release.
var clusterNamespaces = []string{meta.NamespaceSystem, meta.NamespacePublic, "kube-node-lease"}

// answerAdmission answers an API server. Its webhooks may have no query in their
// URL, so an environment stands in the path.
func (a *api) answerAdmission(w http.ResponseWriter, r *http.Request) {
	request, err := readReview(r)
	var response *admission.AdmissionResponse
	if err == nil {
		response, err = a.review(r, request)
	}
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	response.UID = request.UID
	a.answerJSON(w, r, http.StatusOK, admission.AdmissionReview{
		TypeMeta: meta.TypeMeta{APIVersion: admissionVersion, Kind: admissionKind}, Response: response,
	})
}

func readReview(r *http.Request) (*admission.AdmissionRequest, error) {
	body, err := readBody(r, maxReview)
	if err != nil {
		return nil, err
	}
	var review admission.AdmissionReview
	if err := json.Unmarshal(body, &review); err != nil {
		return nil, fail(invalid, "body is no %s: %v", admissionKind, err)
	}
	switch {
	case review.Kind != admissionKind:
		return nil, fail(invalid, "kind is %q, not %s", review.Kind, admissionKind)
	case review.APIVersion != admissionVersion:
		return nil, fail(invalid, "apiVersion is %q; this engine speaks %s: write admissionReviewVersions: [v1] into the webhook's configuration", review.APIVersion, admissionVersion)
	case review.Request == nil:
		return nil, fail(invalid, "request is missing")
	case review.Request.UID == "":
		return nil, fail(invalid, "request.uid is missing")
	}
	return review.Request, nil
}

// review says whether an object may be written.
func (a *api) review(r *http.Request, request *admission.AdmissionRequest) (*admission.AdmissionResponse, error) {
	change, err := changeOf(request)
	if err != nil {
		return nil, err
	}
	if change.unasked != "" {
		return &admission.AdmissionResponse{Allowed: true, AuditAnnotations: map[string]string{"not-asked": change.unasked}}, nil
	}
	if err := noParameters(withoutTimeout(r)); err != nil {
		return nil, err
	}
	q := change.question
	q.Environment = r.PathValue("environment")
	if err := checkQuestion(&q); err != nil {
		return nil, err
	}
	v := a.Gates.Ask(r.Context(), q)
	response := a.admitted(&v)
	response.Warnings = slices.Concat(change.warnings, response.Warnings)
	for i, text := range response.Warnings {
		response.Warnings[i] = cut("release gate: "+text, maxWarning)
	}
	return response, nil
}

// cut is text of at most so many bytes, without half a letter at its end.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most-len("…")], "") + "…"
}

// withoutTimeout is a query without what every API server adds to it.
func withoutTimeout(r *http.Request) string {
	q := r.URL.Query()
	q.Del("timeout")
	return q.Encode()
}

// admitted is a verdict in the words of Kubernetes, which knows no hold: that is let
// through with a warning.
func (a *api) admitted(v *gate.Verdict) *admission.AdmissionResponse {
	response := &admission.AdmissionResponse{
		Allowed: heard(v) != slo.GateDeny,
		AuditAnnotations: map[string]string{
			"decision": string(v.Decision), "policy": v.Policy, "explanation": a.explanation(v), "reason": inShort(v),
		},
	}
	if !response.Allowed {
		response.Result = &meta.Status{
			Status: meta.StatusFailure, Code: http.StatusForbidden, Reason: meta.StatusReasonForbidden, Message: "release gate: " + a.explained(v),
		}
		return response
	}
	if v.Decision != slo.GateAllow || overruled(v) {
		response.Warnings = append(response.Warnings, inShort(v))
	}
	if left := apitypes.Optional(v.Remaining); left != nil && *left < lowBudget {
		response.Warnings = append(response.Warnings, strconv.FormatFloat(*left*100, 'g', 3, 64)+" % of the error budget of "+v.Leading+" is left")
	}
	return response
}

// overruled reports whether something spoke against a change that passes.
func overruled(v *gate.Verdict) bool {
	return slices.ContainsFunc(v.Reasons, func(r gate.Reason) bool { return r.Overruled })
}
