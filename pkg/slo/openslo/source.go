package openslo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// source is where a metric comes from, in the words of either version.
type source struct {
	query           *query
	queryField      string
	kind, kindField string
	ref, refField   string
}

// source reads the fields of both versions.
func (c *checker) source(base string, m *metric) source {
	if m.MetricSource != nil {
		at := base + ".metricSource"
		s := m.MetricSource
		return source{query: s.Spec, queryField: at + ".spec", kind: s.Type, kindField: at + ".type", ref: s.MetricSourceRef, refField: at + ".metricSourceRef"}
	}
	s := source{query: m.Spec, queryField: base + ".spec", ref: m.DataSourceRef, refField: base + ".dataSourceRef", kindField: base + ".dataSourceSpec.type"}
	if m.DataSourceSpec != nil {
		s.kind = m.DataSourceSpec.Type
	}
	return s
}

// metric checks a metric's source by itself.
func (c *checker) metric(base string, m *metric) {
	s := c.source(base, m)
	c.dns(s.refField, s.ref)
	if c.kube() {
		c.kubeMetric(base, m)
		return
	}
	for name, foreign := range map[string]bool{"dataSourceRef": m.DataSourceRef != "", "dataSourceSpec": m.DataSourceSpec != nil, "spec": m.Spec != nil} {
		if foreign {
			c.foreign(base, "metricSource", name)
		}
	}
	switch {
	case m.MetricSource == nil && m.Spec == nil:
		c.fail(base+".metricSource", "is missing", "write metricSource: {type: Prometheus, spec: {query: …}}")
	case s.query == nil || s.query.fields == 0:
		c.odd(s.queryField, "is missing", "the source is asked nothing", "write spec: {query: …}")
	}
}

// kubeMetric: in openslo.com/v2alpha a metric has the source, or its name.
func (c *checker) kubeMetric(base string, m *metric) {
	switch {
	case m.MetricSource != nil:
		c.foreign(base, "dataSourceRef, dataSourceSpec and spec", "metricSource")
	case m.DataSourceRef != "" && m.DataSourceSpec != nil:
		c.odd(base+".dataSourceSpec", "stands beside dataSourceRef", "", "keep one of the two")
	case m.DataSourceRef == "" && m.DataSourceSpec == nil:
		c.odd(base+".dataSourceRef", "is missing, and so is dataSourceSpec", "the query is read as PromQL", "write one of the two")
	}
	if m.DataSourceSpec != nil {
		c.dataSource(base+".dataSourceSpec", m.DataSourceSpec)
	}
}

// dataSource checks one by itself.
func (c *checker) dataSource(base string, s *dataSourceSpec) {
	c.description(base, s.Description)
	if s.Type == "" {
		c.odd(base+".type", "is missing", "Prometheus is taken", "write type: Prometheus")
	}
	if s.ConnectionDetails == nil {
		c.odd(base+".connectionDetails", "is missing", "it would be ignored anyway", "write what other tools need to connect")
	}
}

// query is the PromQL of a metric that an SLO uses, where it stands, and what
// language it is in if that is not quite PromQL.
func (c *checker) query(base string, m *metric, in *slo.Library) (text, field, dialect string) {
	s := c.source(base, m)
	spoken := c.kind(s.kindField, s.kind)
	if s.ref != "" {
		spoken = max(spoken, c.reference(s, in))
	}
	field = s.queryField + ".query"
	switch missing := s.query == nil || !s.query.has; {
	case spoken == inOther:
		return standIn(field), field, ""
	case missing && spoken == inUnknown:
		c.unserved(field, "is missing, and a source of this type may be asked in other ways", "write a PromQL expression")
		return standIn(field), field, ""
	case missing:
		c.fail(field, "is missing", "write a PromQL expression")
	case s.query.text == "":
		c.fail(field, "is empty", "write a PromQL expression")
	default:
		return s.query.text, field, spoken.dialect()
	}
	return "", field, ""
}

// language is what a source is asked in.
type language int

// The languages, from the usual one to what is not read.
const (
	inPromQL language = iota
	inMetricsQL
	inUnknown
	inOther
)

// dialect names it as a Spec does.
func (l language) dialect() string {
	return map[language]string{inMetricsQL: "MetricsQL", inUnknown: "the language of its source"}[l]
}

// standIn stands for what another source is asked at field, which is not always
// a query. What it is of no matter: the SLO is not used.
func standIn(field string) string { return "what is at " + field }

// reference follows a metric to its data source, of which only the type
// matters: samples come to the engine, it does not fetch them.
func (c *checker) reference(s source, in *slo.Library) language {
	format := slo.Format{APIVersion: c.version, Kind: kindDataSource}
	found, ok := in.Find(format, s.ref)
	if !ok {
		taken := "the query is read as PromQL"
		if s.kind != "" {
			taken = "the type here, " + shorten(s.kind) + ", is taken"
		}
		c.odd(s.refField, fmt.Sprintf("no sound %s is called %q", kindDataSource, shorten(s.ref)), taken, known(kindDataSource, s.ref, in.Names(format)))
		return inPromQL
	}
	return c.kind(inside(s.refField, s.ref, "spec.type"), found.(*dataSourceSpec).Type)
}

// kind is the language of a type of sources.
func (c *checker) kind(field, kind string) language {
	switch name := folded(kind); {
	case strings.Contains(name, "victoriametrics"):
		return inMetricsQL
	case name == "" || slices.ContainsFunc(prometheusLike, func(known string) bool { return strings.Contains(name, known) }):
		return inPromQL
	case slices.ContainsFunc(foreignSources, func(known string) bool { return strings.Contains(name, known) }):
		c.unserved(field, fmt.Sprintf("a source of type %s cannot be read: only PromQL is counted", shorten(kind)), "send the metric to the engine, and select it by PromQL from a source of type Prometheus")
		return inOther
	default:
		c.warn(field, fmt.Sprintf("type %s is not known: the query is read as PromQL", shorten(kind)), "write type: Prometheus if that is right")
		return inUnknown
	}
}

var separators = strings.NewReplacer("-", "", "_", "", " ", "", ".", "")

func folded(kind string) string { return separators.Replace(strings.ToLower(kind)) }

// prometheusLike and foreignSources are parts of the types that people write.
var (
	prometheusLike = []string{"prom", "thanos", "mimir", "cortex", "m3db", "chronosphere", "sloth"}
	foreignSources = []string{
		"appdynamics", "athena", "azuremonitor", "bigquery", "clickhouse", "cloudmonitoring", "cloudwatch", "datadog", "dynatrace",
		"elastic", "gcm", "graphite", "honeycomb", "influx", "instana", "jira", "lightstep", "logicmonitor", "loki", "mongo", "mysql",
		"newrelic", "opensearch", "opentsdb", "pingdom", "postgres", "redshift", "servicenow", "snowflake", "splunk", "sql",
		"stackdriver", "sumologic", "thousandeyes", "zabbix",
	}
)
