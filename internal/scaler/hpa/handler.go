package hpa

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/slo-engine/slo-engine/internal/scaler"
)

// Path is below which everything is.
const Path = "/apis/" + group

const (
	group   = "external.metrics.k8s.io"
	version = "v1beta1"
)

// Options are what the handler is made of.
type Options struct {
	// Scalers are who is asked.
	Scalers *scaler.Scalers
	// Registerer takes the collectors; nil: they are not registered.
	Registerer prometheus.Registerer
}

type handler struct {
	scalers *scaler.Scalers
	answers *prometheus.CounterVec
}

// New makes the handler. It sees its whole paths, from Path on: nothing stands
// before them in a Kubernetes cluster.
func New(o Options) http.Handler {
	h := &handler{scalers: o.Scalers, answers: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name:        "slo_engine_scaler_answers_total",
		Help:        "Answers to autoscalers about numbers, by whom they were for, scaler and code.",
		ConstLabels: prometheus.Labels{"consumer": "hpa"},
	}, []string{"scaler", "code"})}
	if o.Registerer != nil {
		o.Registerer.MustRegister(h.answers)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, h.group)
	mux.HandleFunc("GET "+Path+"/"+version, h.resources)
	mux.HandleFunc("GET "+Path+"/"+version+"/namespaces/{namespace}/{metric}", h.values)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			fail(w, apierrors.NewMethodNotSupported(of("externalmetrics"), strings.ToLower(r.Method)))
			return
		}
		fail(w, notFound("", "there is nothing at "+r.URL.Path))
	})
	return mux
}

func of(name string) schema.GroupResource { return schema.GroupResource{Group: group, Resource: name} }

// group says which versions there are.
func (h *handler) group(w http.ResponseWriter, _ *http.Request) {
	one := metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + version, Version: version}
	write(w, http.StatusOK, metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: group,
		Versions: []metav1.GroupVersionForDiscovery{one}, PreferredVersion: one,
	})
}

// resources says which metrics there are.
func (h *handler) resources(w http.ResponseWriter, _ *http.Request) {
	list := metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: group + "/" + version, APIResources: []metav1.APIResource{},
	}
	for _, name := range h.scalers.Names() {
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: name, Namespaced: true, Kind: "ExternalMetricValueList", Verbs: metav1.Verbs{"get"},
		})
	}
	write(w, http.StatusOK, list)
}

// values says what a metric is.
func (h *handler) values(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("metric")
	spec := h.scalers.Spec(name)
	if spec == nil {
		fail(w, notFound(name, "there is no scaler "+strconv.Quote(name)+"; known here: "+strings.Join(h.scalers.Names(), ", ")))
		return
	}
	list, refused := h.ask(spec, r.FormValue("labelSelector"))
	code := http.StatusOK
	if refused != nil {
		code = int(refused.ErrStatus.Code)
	}
	h.answers.WithLabelValues(name, strconv.Itoa(code)).Inc()
	if refused != nil {
		fail(w, refused)
		return
	}
	write(w, http.StatusOK, list)
}

func (h *handler) ask(spec *scaler.Spec, selector string) (*valueList, *apierrors.StatusError) {
	wanted, err := labels.Parse(selector)
	if err != nil {
		return nil, apierrors.NewBadRequest("labelSelector: " + err.Error())
	}
	has := labelsOf(spec)
	if !wanted.Matches(has) {
		return nil, notFound(spec.Name, "the labels of "+spec.Name+" are "+has.String()+", which "+wanted.String()+" does not select")
	}
	number, err := h.scalers.Number(spec.Name)
	var missing *scaler.Missing
	switch {
	case errors.As(err, &missing):
		return nil, apierrors.NewServiceUnavailable(missing.Error())
	case err != nil:
		return nil, apierrors.NewInternalError(err)
	}
	return listOf(value{
		Name: spec.Name, Labels: has, At: metav1.NewTime(number.At.UTC().Truncate(time.Second)),
		Value: *resource.NewMilliQuantity(int64(math.Ceil(number.Value*1000)), resource.DecimalSI),
	}), nil
}

func labelsOf(spec *scaler.Spec) labels.Set {
	set := labels.Set{"scaler": spec.Name, "service": spec.Service}
	if spec.SLO != "" {
		set["slo"] = spec.SLO
	}
	return set
}

func notFound(name, message string) *apierrors.StatusError {
	err := apierrors.NewNotFound(of("externalmetrics"), name)
	err.ErrStatus.Message = message
	return err
}

// fail answers with a Status.
func fail(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.ErrStatus
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	write(w, int(status.Code), status)
}

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}
