package sloth

import "github.com/slo-engine/slo-engine/pkg/slo/strictyaml"

// document is a prometheus/v1 document as it is written.
type document struct {
	Version string        `yaml:"version"`
	Service text          `yaml:"service" need:"the service's name, such as checkout"`
	Labels  texts         `yaml:"labels"`
	Plugins plugins       `yaml:"slo_plugins"`
	SLOs    []objectiveOf `yaml:"slos" need:"a list of SLOs, each with name, objective and sli"`
}

// objectiveOf is one SLO.
type objectiveOf struct {
	Name        text      `yaml:"name" need:"a name such as requests-availability"`
	Description text      `yaml:"description"`
	Objective   percent   `yaml:"objective" need:"a percentage such as 99.9"`
	Labels      texts     `yaml:"labels"`
	Plugins     plugins   `yaml:"plugins"`
	SLI         indicator `yaml:"sli" need:"events with error_query and total_query, or raw with error_ratio_query"`
	Alerting    alerting  `yaml:"alerting"`
}

type indicator struct {
	Events *events    `yaml:"events"`
	Raw    *raw       `yaml:"raw"`
	Plugin *sliPlugin `yaml:"plugin"`
}

type events struct {
	Error string `yaml:"error_query" need:"a query of bad events, such as sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}]))"`
	Total string `yaml:"total_query" need:"a query of all events, such as sum(rate(http_requests_total[{{.window}}]))"`
}

type raw struct {
	ErrorRatio string `yaml:"error_ratio_query" need:"a query of the share of bad events in {{.window}}"`
}

type sliPlugin struct {
	ID      string   `yaml:"id"`
	Options anything `yaml:"options"`
}

type alerting struct {
	Name        text  `yaml:"name"`
	Labels      texts `yaml:"labels"`
	Annotations texts `yaml:"annotations"`
	Page        alert `yaml:"page_alert"`
	Ticket      alert `yaml:"ticket_alert"`
}

type alert struct {
	Disable     bool  `yaml:"disable"`
	Labels      texts `yaml:"labels"`
	Annotations texts `yaml:"annotations"`
}

type plugins struct {
	Override bool     `yaml:"overridePrevious"`
	Chain    []plugin `yaml:"chain"`
}

type plugin struct {
	ID       string   `yaml:"id"`
	Config   anything `yaml:"config"`
	Priority int      `yaml:"priority"`
}

// resource is a PrometheusServiceLevel. It says the same in camel case; what
// differs in nothing but that is converted.
type resource struct {
	APIVersion string       `yaml:"apiVersion"`
	Kind       string       `yaml:"kind"`
	Metadata   anything     `yaml:"metadata"`
	Spec       resourceSpec `yaml:"spec" need:"spec: with service and slos"`
	Status     anything     `yaml:"status"`
}

type resourceSpec struct {
	Service text                  `yaml:"service" need:"the service's name, such as checkout"`
	Labels  texts                 `yaml:"labels"`
	Plugins plugins               `yaml:"sloPlugins"`
	SLOs    []resourceObjectiveOf `yaml:"slos" need:"a list of SLOs, each with name, objective and sli"`
}

type resourceObjectiveOf struct {
	Name        text              `yaml:"name" need:"a name such as requests-availability"`
	Description text              `yaml:"description"`
	Objective   percent           `yaml:"objective" need:"a percentage such as 99.9"`
	Labels      texts             `yaml:"labels"`
	Plugins     plugins           `yaml:"plugins"`
	SLI         resourceIndicator `yaml:"sli" need:"events with errorQuery and totalQuery, or raw with errorRatioQuery"`
	Alerting    resourceAlerting  `yaml:"alerting"`
}

type resourceIndicator struct {
	Events *resourceEvents `yaml:"events"`
	Raw    *resourceRaw    `yaml:"raw"`
	Plugin *sliPlugin      `yaml:"plugin"`
}

type resourceEvents struct {
	Error string `yaml:"errorQuery" need:"a query of bad events, such as sum(rate(http_requests_total{code=~\"5..\"}[{{.window}}]))"`
	Total string `yaml:"totalQuery" need:"a query of all events, such as sum(rate(http_requests_total[{{.window}}]))"`
}

type resourceRaw struct {
	ErrorRatio string `yaml:"errorRatioQuery" need:"a query of the share of bad events in {{.window}}"`
}

type resourceAlerting struct {
	Name        text  `yaml:"name"`
	Labels      texts `yaml:"labels"`
	Annotations texts `yaml:"annotations"`
	Page        alert `yaml:"pageAlert"`
	Ticket      alert `yaml:"ticketAlert"`
}

// anything is what another reads.
type anything struct{}

// UnmarshalValue takes it as it is.
func (*anything) UnmarshalValue(strictyaml.Value) {}

func (s *resourceSpec) document() *document {
	d := &document{Service: s.Service, Labels: s.Labels, Plugins: s.Plugins}
	for _, o := range s.SLOs {
		d.SLOs = append(d.SLOs, objectiveOf{
			Name: o.Name, Description: o.Description, Objective: o.Objective, Labels: o.Labels, Plugins: o.Plugins,
			SLI:      indicator{Events: (*events)(o.SLI.Events), Raw: (*raw)(o.SLI.Raw), Plugin: o.SLI.Plugin},
			Alerting: alerting(o.Alerting),
		})
	}
	return d
}
