package api

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// What objects tell a gate. The labels are those that Kubernetes recommends.
const (
	annotationService = "slo-engine.dev/service"
	annotationChange  = "slo-engine.dev/change"
	annotationGlass   = "slo-engine.dev/break-glass"
	labelName         = "app.kubernetes.io/name"
	labelVersion      = "app.kubernetes.io/version"
)

// workload is as much of an object as a gate wants to know.
type workload struct {
	Metadata struct {
		Name            string            `json:"name"`
		GenerateName    string            `json:"generateName"`
		Labels          map[string]string `json:"labels"`
		Annotations     map[string]string `json:"annotations"`
		OwnerReferences []struct {
			Controller bool `json:"controller"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
	Spec json.RawMessage `json:"spec"`
}

// podTemplate is the part of a workload that ships.
type podTemplate struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Containers []struct {
			Image string `json:"image"`
		} `json:"containers"`
	} `json:"spec"`
}

func workloadOf(field string, raw []byte) (*workload, error) {
	if len(raw) == 0 {
		return nil, fail(invalid, "request.%s is missing", field)
	}
	w := &workload{}
	if err := json.Unmarshal(raw, w); err != nil {
		return nil, fail(invalid, "request.%s is no object of Kubernetes: %v", field, err)
	}
	return w, nil
}

// ships is the part of an object whose change ships something: the template of its
// pods, also of a CronJob's, or all of the spec where there is none.
func (w *workload) ships() json.RawMessage {
	var spec struct {
		Template    json.RawMessage `json:"template"`
		JobTemplate struct {
			Spec struct {
				Template json.RawMessage `json:"template"`
			} `json:"spec"`
		} `json:"jobTemplate"`
	}
	if json.Unmarshal(w.Spec, &spec) != nil {
		return w.Spec
	}
	for _, template := range []json.RawMessage{spec.Template, spec.JobTemplate.Spec.Template} {
		if len(template) > 0 {
			return template
		}
	}
	return w.Spec
}

// isPart reports whether an object is made by a controller from one that was asked
// about when it changed.
func (w *workload) isPart(kind string) bool {
	if !slices.Contains([]string{"Pod", "ReplicaSet", "Job"}, kind) {
		return false
	}
	for _, owner := range w.Metadata.OwnerReferences {
		if owner.Controller {
			return true
		}
	}
	return false
}

func (w *workload) service(requested string) string {
	m := &w.Metadata
	return cmp.Or(m.Annotations[annotationService], m.Labels[labelName], m.Name, requested, strings.TrimSuffix(m.GenerateName, "-"))
}

// version is that of the label, or else of the first container's image.
func (w *workload) version(kind string) string {
	var template podTemplate
	raw := w.ships()
	if kind == "Pod" {
		raw, _ = json.Marshal(map[string]json.RawMessage{"spec": w.Spec})
	}
	if json.Unmarshal(raw, &template) != nil {
		return w.Metadata.Labels[labelVersion]
	}
	version := cmp.Or(template.Metadata.Labels[labelVersion], w.Metadata.Labels[labelVersion])
	if version == "" && len(template.Spec.Containers) > 0 {
		version = tagOf(template.Spec.Containers[0].Image)
	}
	return version
}

// tagOf is the tag of an image, or else its digest.
func tagOf(image string) string {
	name, digest, _ := strings.Cut(image, "@")
	if _, tag, ok := strings.Cut(name[strings.LastIndex(name, "/")+1:], ":"); ok {
		return tag
	}
	return digest
}

// sameJSON reports whether two texts mean the same JSON.
func sameJSON(a, b json.RawMessage) bool {
	if string(a) == string(b) {
		return true
	}
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
