package api

import (
	"slices"
	"strings"

	admission "k8s.io/api/admission/v1"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// change is what a request is about: a question, or why none is asked.
type change struct {
	question gate.Request
	unasked  string
	warnings []string
}

func changeOf(request *admission.AdmissionRequest) (c change, err error) {
	if c.unasked = neverAsked(request); c.unasked != "" {
		return c, nil
	}
	object, old, err := objectsOf(request)
	if err != nil {
		return c, err
	}
	if c.unasked = object.neverAsked(old, request.Kind.Kind); c.unasked != "" {
		return c, nil
	}
	c.question.Service, c.question.Version = object.service(request.Name), object.version(request.Kind.Kind)
	if c.question.Service == "" {
		return c, fail(invalid, "request.object has no name, no label %s and no annotation %s: whose change is it?", labelName, annotationService)
	}
	c.question.Kind, c.warnings = object.kind(old)
	if object.Metadata.Annotations[annotationGlass] != "" {
		c.warnings = append(c.warnings, "the annotation "+annotationGlass+" breaks no glass: an operator does, with slo-engine gate break-glass")
	}
	return c, nil
}

// objectsOf are an object as it is to be, and as it was; empty if it was not.
func objectsOf(request *admission.AdmissionRequest) (object, old *workload, err error) {
	if object, err = workloadOf("object", request.Object.Raw); err != nil {
		return nil, nil, err
	}
	if request.Operation != admission.Update {
		return object, &workload{}, nil
	}
	old, err = workloadOf("oldObject", request.OldObject.Raw)
	return object, old, err
}

// neverAsked is why nothing is asked about an object; empty: it is.
func (w *workload) neverAsked(old *workload, kind string) string {
	switch {
	case old.Spec != nil && sameJSON(w.ships(), old.ships()):
		return "what ships does not change"
	case w.isPart(kind):
		return "its controller was asked about"
	}
	return ""
}

// neverAsked is why nothing is asked about a request; empty: it may be.
func neverAsked(request *admission.AdmissionRequest) string {
	switch {
	case request.Operation != admission.Create && request.Operation != admission.Update:
		return "nothing ships with a " + string(request.Operation)
	case request.SubResource != "":
		return "nothing ships with the subresource " + request.SubResource
	case slices.Contains(clusterNamespaces, request.Namespace):
		return "the namespace is the cluster's own"
	}
	return ""
}

// kind is the kind of change that an object declares, as "rollback" or "rollback:
// and why". Nobody takes such an annotation off again, so it counts for the change
// that brings it, and not for those after.
func (w *workload) kind(old *workload) (slo.ChangeKind, []string) {
	said := w.Metadata.Annotations[annotationChange]
	word, _, _ := strings.Cut(said, ":")
	kind := strings.TrimSpace(word)
	switch {
	case said == "":
		return slo.ChangeDeploy, nil
	case !slices.Contains(changeKinds, kind):
		return slo.ChangeDeploy, []string{"the annotation " + annotationChange + " is no kind of change, so this is a deploy; " + strictyaml.Suggest(kind, changeKinds)}
	case said == old.Metadata.Annotations[annotationChange] && kind != string(slo.ChangeDeploy):
		return slo.ChangeDeploy, []string{"the annotation " + annotationChange + " was there before, so this is a deploy; to declare it again change its text, as in " + kind + ": and why"}
	}
	return slo.ChangeKind(kind), nil
}
