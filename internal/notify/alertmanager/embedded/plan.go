package embedded

import (
	_ "embed"
	"fmt"

	"github.com/prometheus/alertmanager/config"
	"github.com/prometheus/alertmanager/config/receiver"
	"github.com/prometheus/alertmanager/dispatch"
	"github.com/prometheus/alertmanager/notify"
	"github.com/prometheus/alertmanager/template"
	"github.com/prometheus/alertmanager/timeinterval"
)

//go:embed default.yml
var defaultConfig string

// plan is a configuration of which everything that can fail has been made.
type plan struct {
	config    *config.Config
	templates *template.Template
	routes    *dispatch.Route
	receivers map[string][]notify.Integration
	intervals map[string][]timeinterval.TimeInterval
}

// plan reads the configuration and touches nothing that runs.
func (a *Alertmanager) plan() (*plan, error) {
	p, err := a.readPlan()
	if err != nil {
		a.metrics.reloaded(false)
		name := a.opts.ConfigFile
		if name == "" {
			name = "(built in)"
		}
		return nil, fmt.Errorf("load alertmanager config %s: %w", name, err)
	}
	a.metrics.reloaded(true)
	return p, nil
}

func (a *Alertmanager) readPlan() (*plan, error) {
	conf, err := a.readConfig()
	if err != nil {
		return nil, err
	}
	if conf.TracingConfig.Endpoint != "" {
		a.opts.Logger.Warn("the tracing section of the alertmanager config has no effect here; set tracing in the engine's own config")
	}
	p := &plan{config: conf, routes: dispatch.NewRoute(conf.Route, nil), intervals: timeIntervals(conf)}
	if p.templates, err = template.FromGlobs(conf.Templates); err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	p.templates.ExternalURL = a.opts.ExternalURL
	p.receivers, err = a.buildReceivers(p)
	return p, err
}

func (a *Alertmanager) readConfig() (*config.Config, error) {
	if a.opts.ConfigFile == "" {
		return config.Load(defaultConfig)
	}
	return config.LoadFile(a.opts.ConfigFile)
}

// buildReceivers makes the integrations of the receivers that a route names;
// the others could only fail for nothing.
func (a *Alertmanager) buildReceivers(p *plan) (map[string][]notify.Integration, error) {
	used := map[string]bool{}
	p.routes.Walk(func(r *dispatch.Route) { used[r.RouteOpts.Receiver] = true })
	built := map[string][]notify.Integration{}
	for _, rcv := range p.config.Receivers {
		if !used[rcv.Name] {
			continue
		}
		integrations, err := receiver.BuildReceiverIntegrations(rcv, p.templates, a.opts.Logger)
		if err != nil {
			return nil, fmt.Errorf("build receiver %q: %w", rcv.Name, err)
		}
		built[rcv.Name] = integrations
	}
	return built, nil
}

func timeIntervals(conf *config.Config) map[string][]timeinterval.TimeInterval {
	named := map[string][]timeinterval.TimeInterval{}
	for _, ti := range conf.MuteTimeIntervals {
		named[ti.Name] = ti.TimeIntervals
	}
	for _, ti := range conf.TimeIntervals {
		named[ti.Name] = ti.TimeIntervals
	}
	return named
}
