package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/config"
	"github.com/slo-engine/slo-engine/internal/ingest/promapi"
	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// openBackends makes the servers whose samples are read, and that are asked.
func (a *App) openBackends(registry *prometheus.Registry) error {
	for _, kind := range serversOf(a.config) {
		for _, c := range kind.servers {
			b, err := promapi.New(promapi.Options{
				Name: c.Name, Language: kind.language, URL: c.URL.URL.String(), HTTP: c.HTTPClientConfig,
				PollInterval: c.PollInterval, QueryDelay: c.QueryDelay, QueryTimeout: c.QueryTimeout,
				MaxQueriesPerSecond: c.MaxQueriesPerSecond,
				NoPast:              c.NoBackfill, Sink: a.asked(), Engine: a.engine,
				Logger: a.log, Registerer: registry,
			})
			if err != nil {
				return fmt.Errorf("set up the backend %s: %w", c.Name, err)
			}
			a.backends = append(a.backends, b)
		}
	}
	return nil
}

// servers are those of the configuration that understand a language.
type servers struct {
	language, name, section string
	servers                 []config.Backend
}

func serversOf(c *config.Config) []servers {
	return []servers{{slo.PromQL, "PromQL", "prometheus", c.Prometheus}, {slo.LogQL, "LogQL", "loki", c.Loki}}
}

// languageOf is in which an SLO's server is asked, if it has one.
func languageOf(spec *slo.Spec) string {
	if spec.SLI.Query != nil {
		return spec.SLI.Query.Language
	}
	return slo.PromQL
}

// poll has each backend serve the SLOs that are read from it.
func (a *App) poll(programs []*sli.Program) {
	alike := map[string]int{}
	for _, b := range a.backends {
		alike[b.Language()]++
	}
	for _, b := range a.backends {
		var mine []*sli.Program
		for _, p := range programs {
			only := p.Spec.Source == "" && alike[b.Language()] == 1
			if languageOf(p.Spec) == b.Language() && (only || p.Spec.Source == b.Name()) {
				mine = append(mine, p)
			}
		}
		b.Serve(mine)
	}
}

// instead is what a user is told of an SLO for which a server is asked, because
// its events cannot be counted as data arrives.
const instead = "a PromQL backend is asked instead"

// compile compiles a spec. What cannot be counted as data arrives, a server is
// asked for, if that can answer it.
func compile(spec *slo.Spec) (*sli.Program, []slo.Problem) {
	program, problems := sli.Compile(spec)
	if program == nil && !slices.ContainsFunc(problems, func(p slo.Problem) bool { return p.Severity != spec.Unserved() }) {
		if program = sli.Ask(spec); program != nil {
			for i := range problems {
				problems[i].Severity = slo.Warning
				problems[i].Fix = fmt.Sprintf("%s, every %s", instead, slo.FormatDuration(spec.SLI.Query.Step))
			}
		}
	}
	return program, append(problems, sli.Remarks(spec)...)
}

// fromKnown leaves SLOs out for which there is no server, and those that are
// made of them.
func (l *Loaded) fromKnown(c *config.Config) {
	var kept []*slo.Spec
	for _, p := range l.Programs {
		if wrong := unreachable(p.Spec, c); wrong == nil {
			kept = append(kept, p.Spec)
		} else if !l.refuse(p.Spec, wrong.Fix) {
			l.Problems = append(l.Problems, *wrong)
		}
	}
	kept, unlinked := slo.Link(kept, l.Problems)
	l.Problems = append(l.Problems, unlinked...)
	l.Programs = slices.DeleteFunc(l.Programs, func(p *sli.Program) bool { return !slices.Contains(kept, p.Spec) })
}

// refuse takes back that a server is asked instead, of an SLO that has none;
// false where nobody said so.
func (l *Loaded) refuse(spec *slo.Spec, fix string) (said bool) {
	for i := range l.Problems {
		p := &l.Problems[i]
		if p.SLO == spec.ID() && p.Severity == slo.Warning && strings.HasPrefix(p.Fix, instead) {
			p.Severity, p.Fix, said = l.unserved(spec), "only a PromQL backend can answer it: "+fix, true
		}
	}
	return said
}

// unserved is the severity of what an SLO asks for and nobody here can tell.
func (l *Loaded) unserved(spec *slo.Spec) slo.Severity {
	if l.strict {
		return slo.Error
	}
	return spec.Unserved()
}

// unreachable says why an SLO has no server, where it needs one; else nil.
func unreachable(spec *slo.Spec, c *config.Config) *slo.Problem {
	var all, fitting []string
	var kind servers
	for _, k := range serversOf(c) {
		if k.language == languageOf(spec) {
			kind = k
		}
		for _, b := range k.servers {
			all = append(all, b.Name)
		}
	}
	for _, b := range kind.servers {
		fitting = append(fitting, b.Name)
	}
	fix := "write it under " + kind.section + " in slo-engine.yaml"
	if len(fitting) > 0 {
		fix = "known here: " + strings.Join(fitting, ", ")
	}
	what := ""
	switch source := spec.Source; {
	case slices.Contains(fitting, source), source == "" && (spec.SLI.Query == nil || len(fitting) == 1):
		return nil
	case source == "" && len(fitting) == 0:
		what = fmt.Sprintf("there is no %s backend to ask", kind.name)
	case source == "":
		what = fmt.Sprintf("does not say which %s backend is asked", kind.name)
	case slices.Contains(all, source):
		what = fmt.Sprintf("the backend %q does not understand %s", source, kind.name)
	default:
		what = fmt.Sprintf("there is no %s backend %q", kind.name, source)
	}
	p := spec.Problem(slo.Error, "spec.source", what, fix)
	return &p
}
