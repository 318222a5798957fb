package payload

import (
	"fmt"
	"time"
)

// Fleet is the shape of the metrics: one counter of requests, of Jobs jobs with
// PerJob series each.
type Fleet struct {
	Jobs, PerJob int
	// Namespaces is into how many namespaces the jobs are dealt out. 0: one.
	Namespaces int
	// Begun is since when the processes count. Only OTLP says so.
	Begun time.Time
}

// Series is the number of series.
func (f Fleet) Series() int { return f.Jobs * f.PerJob }

// Metric is the name of the counter; OTLP's name becomes it by translation.
const Metric = "http_server_requests_total"

// Job is the name of the job with that number, the same length for all.
func Job(j int) string { return fmt.Sprintf("job-%06d", j) }

// Namespace is the name of the namespace with that number.
func Namespace(n int) string { return fmt.Sprintf("namespace-%04d", n) }

// codes are dealt out so that any two series of a job hold a good and a bad
// one.
var codes = []int{200, 503, 201, 500, 404}

// series is one series, in words.
type series struct {
	job, namespace, pod, route, code int
	method, zone                     string
}

// at is the series with that number. Series of a job follow each other.
func (f Fleet) at(i int) series {
	j, k := i/f.PerJob, i%f.PerJob
	return series{
		job: j, namespace: j % max(f.Namespaces, 1),
		code: codes[k%len(codes)], method: []string{"GET", "POST"}[k/5%2], route: k / 10 % 10,
		pod: j*1000 + k/100, zone: []string{"a", "b", "c"}[j%3],
	}
}

// label is one label of a Prometheus series.
type label struct{ name, value string }

// labels are the ten labels of the series, sorted by name.
func (s series) labels() []label {
	return []label{
		{"__name__", Metric},
		{"cluster", "production-eu-west-1"},
		{"code", fmt.Sprint(s.code)},
		{"instance", fmt.Sprintf("10.%d.%d.%d:8080", s.pod>>16&255, s.pod>>8&255, s.pod&255)},
		{"job", Job(s.job)},
		{"method", s.method},
		{"namespace", Namespace(s.namespace)},
		{"pod", fmt.Sprintf("%s-7d9f8b6c5d-%05d", Job(s.job), s.pod%100000)},
		{"route", s.path()},
		{"zone", "eu-west-1" + s.zone},
	}
}

func (s series) path() string { return fmt.Sprintf("/api/v1/orders/%d/items", s.route) }
