package syncwindow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// projects are what Argo CD calls AppProjects.
var projects = schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "appprojects"}

// mostRaces is how often the project may change between reading and writing it in
// one look; the next look tries again.
const mostRaces = 5

// apply reads the project, asks what to change, and changes that of the version
// that it has read.
func (r *Reconciler) apply(ctx context.Context, plan func(windows []any) []change) error {
	var last error
	var version string
	for range mostRaces {
		project, err := r.read(ctx)
		if err != nil {
			return errors.Join(last, err)
		}
		// It was refused as it is, not because somebody was faster.
		if last != nil && project.GetResourceVersion() == version {
			return last
		}
		version = project.GetResourceVersion()
		windows, err := windowsOf(project)
		if err != nil {
			return err
		}
		changes := plan(windows)
		if len(changes) == 0 {
			return nil
		}
		if last = r.write(ctx, patch(version, len(windows), changes)); last == nil {
			r.wrote(changes)
			return nil
		}
		if !kerrors.IsInvalid(last) && !kerrors.IsConflict(last) {
			return last
		}
		r.metrics.races.Inc()
	}
	return fmt.Errorf("change sync windows: somebody was faster %d times in a row: %w", mostRaces, last)
}

func (r *Reconciler) read(ctx context.Context) (*unstructured.Unstructured, error) {
	project, err := r.options.Client.Resource(projects).Namespace(r.config.Namespace).Get(ctx, r.config.Project, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read project %s/%s: %w", r.config.Namespace, r.config.Project, err)
	}
	return project, nil
}

func windowsOf(project *unstructured.Unstructured) ([]any, error) {
	windows, _, err := unstructured.NestedFieldNoCopy(project.Object, "spec", "syncWindows")
	if err != nil {
		return nil, fmt.Errorf("read sync windows: %w", err)
	}
	list, ok := windows.([]any)
	if !ok && windows != nil {
		return nil, fmt.Errorf("read sync windows: spec.syncWindows is a %T, not a list", windows)
	}
	return list, nil
}

func (r *Reconciler) write(ctx context.Context, ops []operation) error {
	body, err := json.Marshal(ops)
	if err != nil {
		return fmt.Errorf("encode patch: %w", err)
	}
	_, err = r.options.Client.Resource(projects).Namespace(r.config.Namespace).
		Patch(ctx, r.config.Project, types.JSONPatchType, body, metav1.PatchOptions{FieldManager: r.config.Owner})
	if err != nil {
		return fmt.Errorf("patch project %s/%s: %w", r.config.Namespace, r.config.Project, err)
	}
	return nil
}

// wrote tells log, metrics and memories what has been done.
func (r *Reconciler) wrote(changes []change) {
	now := r.options.Now()
	for _, c := range changes {
		r.metrics.writes.Inc()
		if c.value == nil {
			r.log.Info("a sync window is gone", "index", c.index)
			continue
		}
		r.log.Info("a sync window is written", "window", c.value["description"])
		m, _ := parseMark(c.value["description"].(string))
		if known := r.memories[m.key]; known != nil {
			known.standing(false, now)
		}
	}
}
