package sloth

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// add notes a problem, unless the place is known to be wrong.
func (r *reader) add(severity slo.Severity, field, message, fix string) {
	if !r.found.Cover(field) {
		r.problems = append(r.problems, slo.Problem{Severity: severity, Field: field, Message: message, Fix: fix})
	}
}

// doubt notes what Sloth refuses and we can read.
func (r *reader) doubt(field, message, fix string) { r.add(r.options.unknown(), field, message, fix) }

func (r *reader) checkDocument() {
	n := r.names
	if len(r.document.SLOs) == 0 {
		r.add(slo.Error, n.root+n.slos, "is empty", "write at least one SLO, or remove the document")
	}
	r.checkName(n.root+"service", string(r.document.Service))
	r.checkTexts(n.root+"labels", "label", r.document.Labels)
	r.checkPlugins(n.root+n.plugins, r.document.Plugins)
}

// checkSLO looks at what is Sloth's own; the Loader validates the Spec.
func (r *reader) checkSLO(written *objectiveOf, at string) {
	r.checkName(at+".name", string(written.Name))
	if message, fix := written.Objective.doubt(); written.Objective.quoted {
		r.doubt(at+".objective", message, fix)
	} else if message != "" {
		r.add(slo.Warning, at+".objective", message, fix)
	}
	r.checkTexts(at+".labels", "label", written.Labels)
	r.checkPlugins(at+".plugins", written.Plugins)
	r.checkIndicator(written.SLI, at+".sli")
	r.checkAlerting(&written.Alerting, at+".alerting")
}

var (
	namePattern = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]*[A-Za-z0-9]$`)
	nearlyName  = regexp.MustCompile(`^[A-Za-z0-9][-A-Za-z0-9_.]*$`)
)

// checkName warns of names that we take and Sloth does not; of others the
// Loader speaks.
func (r *reader) checkName(field, name string) {
	if nearlyName.MatchString(name) && !namePattern.MatchString(name) {
		r.doubt(field, fmt.Sprintf("%q is not a name that Sloth takes", name), "begin and end with a letter or digit, and write two at least")
	}
}

// checkTexts: an empty label is the same as none, of which the Loader warns.
func (r *reader) checkTexts(field, what string, all texts) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] == "" && (r.options.Strict || what != "label") {
			r.doubt(strictyaml.Key(field, name), "is empty", "write a value, or remove the "+what)
		}
	}
}

func (r *reader) checkIndicator(written indicator, at string) {
	var set []string
	if written.Events != nil {
		set = append(set, "events")
	}
	if written.Raw != nil {
		set = append(set, "raw")
	}
	if p := written.Plugin; p != nil {
		set = append(set, "plugin")
		r.add(slo.Unserved, at+".plugin", fmt.Sprintf("the query comes from Sloth's plugin %q, which is Go code that is not run here", p.ID),
			fmt.Sprintf("write raw: {%s: …} with the query that the plugin makes: `sloth generate` shows it", r.names.errorRatioQuery))
	}
	switch {
	case len(set) == 0:
		r.add(slo.Error, at, "says nothing to measure", "write events or raw")
	case len(set) > 1:
		r.add(slo.Error, at, "has "+strings.Join(set, " and "), "keep one of them; write an SLO for each other")
	}
}

// query checks a query and makes {{.window}} plain in it.
func (r *reader) query(written, field string) string {
	if strings.TrimSpace(written) == "" {
		r.add(slo.Error, field, "is empty", "write a PromQL expression with {{.window}} as range")
		return written
	}
	plain, err := readTemplate(written)
	if err != nil {
		r.add(slo.Error, field, err.Error(), "write {{.window}} where the range goes, and no other {{ in "+shorten(written))
		return written
	}
	switch {
	case !window.MatchString(plain):
		r.doubt(field, "does not contain {{.window}}, so that it is the same over each window", "write [{{.window}}] as range")
	case !window.MatchString(written):
		r.doubt(field, "writes {{.window}} in a way that Sloth does not look for", "write {{.window}} with nothing but spaces in the braces")
	}
	return plain
}

func (r *reader) checkAlerting(a *alerting, at string) {
	if a.Name == "" && !(a.Page.Disable && a.Ticket.Disable) {
		r.doubt(at+".name", "is missing: alerts are called "+UsualAlertName, "write a name, or disable both alerts")
	}
	for field, of := range map[string]alert{at: {Labels: a.Labels, Annotations: a.Annotations}, at + "." + r.names.page: a.Page, at + "." + r.names.ticket: a.Ticket} {
		r.checkTexts(field+".labels", "label", of.Labels)
		r.checkTexts(field+".annotations", "annotation", of.Annotations)
	}
}

// shorten keeps a quoted query from filling a message.
func shorten(s string) string {
	if s = strings.TrimSpace(s); len(s) > 120 {
		return s[:116] + " ..."
	}
	return s
}
