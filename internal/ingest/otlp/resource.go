package otlp

import (
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/pcommon"
)

// The attributes that become job and instance, as Prometheus maps them.
const (
	serviceName      = "service.name"
	serviceNamespace = "service.namespace"
	serviceInstance  = "service.instance.id"

	jobLabel      = "job"
	instanceLabel = "instance"
)

// resource is what all series of one OTLP resource share.
type resource struct {
	// target identifies the resource: a hash of all its attributes.
	target string
	// prom and raw are its labels, sorted and without duplicates. The
	// attributes that became job and instance are repeated only in raw.
	prom, raw []labels.Label
	// hasJob and hasInstance: these labels come from the service.*
	// attributes, and no point may change them.
	hasJob, hasInstance bool
	// refused says why no point of this resource can be taken; usually nil.
	refused *refusal
}

// fixes reports whether a label of the resource wins over a point's.
func (r *resource) fixes(label string) bool {
	return r.hasJob && label == jobLabel || r.hasInstance && label == instanceLabel
}

func (t *translator) resource(attributes pcommon.Map) *resource {
	all, refused := t.readAttributes(nil, attributes)
	if refused != nil {
		return &resource{refused: &refusal{refused.reason, "resource: " + refused.why}}
	}
	all = slices.CompactFunc(all, sameName)
	res := &resource{target: hash(all)}
	job, instance := identifying(all)
	res.hasJob, res.hasInstance = job != nil, instance != nil

	res.raw = slices.DeleteFunc(slices.Clone(all), func(l labels.Label) bool { return !t.promote(l.Name) })
	res.prom = t.promNames(res)
	for _, l := range []*labels.Label{job, instance} {
		if l != nil {
			res.prom, res.raw = put(res.prom, *l), put(res.raw, *l)
		}
	}
	return res
}

// promNames renames the promoted attributes, without those that are told by
// job and instance. Of two that get the same name the first is kept.
func (t *translator) promNames(res *resource) []labels.Label {
	prom := make([]labels.Label, 0, len(res.raw)+2)
	for _, l := range res.raw {
		if !res.told(l.Name) {
			prom = append(prom, labels.Label{Name: t.names.label(l.Name), Value: l.Value})
		}
	}
	slices.SortStableFunc(prom, byName)
	return slices.CompactFunc(prom, sameName)
}

// told reports whether job or instance say what an attribute says.
func (r *resource) told(attribute string) bool {
	switch attribute {
	case serviceName, serviceNamespace:
		return r.hasJob
	case serviceInstance:
		return r.hasInstance
	}
	return false
}

// identifying returns the job and instance of a resource, nil without.
func identifying(all []labels.Label) (job, instance *labels.Label) {
	if service, ok := lookup(all, serviceName); ok {
		if namespace, ok := lookup(all, serviceNamespace); ok {
			service = namespace + "/" + service
		}
		job = &labels.Label{Name: jobLabel, Value: service}
	}
	if id, ok := lookup(all, serviceInstance); ok {
		instance = &labels.Label{Name: instanceLabel, Value: id}
	}
	return job, instance
}

func lookup(sorted []labels.Label, name string) (string, bool) {
	i, found := slices.BinarySearchFunc(sorted, labels.Label{Name: name}, byName)
	if !found {
		return "", false
	}
	return sorted[i].Value, true
}

func sameName(a, b labels.Label) bool { return a.Name == b.Name }

// hash identifies sorted attributes: 64 bits, in hex.
func hash(sorted []labels.Label) string {
	d := xxhash.New()
	for _, l := range sorted {
		fmt.Fprintf(d, "%s\xff%s\xff", l.Name, l.Value)
	}
	return fmt.Sprintf("%016x", d.Sum64())
}
