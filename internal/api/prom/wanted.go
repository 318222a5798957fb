package prom

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	v1 "github.com/prometheus/prometheus/web/api/v1"
)

// wanted is which rules a request asks for, with the parameters and the words
// of Prometheus.
type wanted struct {
	names, groups, files []string // empty: all
	matchers             [][]*labels.Matcher
	recording            bool // asks for recording rules alone, of which there are none
	withoutAlerts        bool
	limit                int    // groups of one page; 0: all
	from                 string // the token of the page's first group
}

func parseWanted(r *http.Request) (w wanted, err error) {
	if err := r.ParseForm(); err != nil {
		return w, fmt.Errorf("error parsing form values: %w", err)
	}
	w = wanted{names: r.Form["rule_name[]"], groups: r.Form["rule_group[]"], files: r.Form["file[]"]}
	if w.matchers, err = parseMatchers(r.Form["match[]"]); err != nil {
		return w, err
	}
	switch kind := strings.ToLower(r.Form.Get("type")); kind {
	case "", "alert":
	case "record":
		w.recording = true
	default:
		return w, fmt.Errorf("invalid parameter %q: not supported value %q", "type", kind)
	}
	if text := strings.ToLower(r.Form.Get("exclude_alerts")); text != "" {
		if w.withoutAlerts, err = strconv.ParseBool(text); err != nil {
			return w, fmt.Errorf("invalid parameter %q: error converting exclude_alerts: %w", "exclude_alerts", err)
		}
	}
	return w, w.parsePage(r.Form.Get("group_limit"), r.Form.Get("group_next_token"))
}

func (w *wanted) parsePage(limit, from string) error {
	if limit == "" {
		if from != "" {
			return fmt.Errorf("invalid parameter %q: group_limit needs to be present in order to paginate over the groups", "group_next_token")
		}
		return nil
	}
	n, err := strconv.ParseInt(limit, 10, 32)
	if err != nil {
		return fmt.Errorf("invalid parameter %q: group_limit needs to be a valid number: %w", "group_limit", err)
	}
	if n <= 0 {
		return fmt.Errorf("invalid parameter %q: group_limit needs to be greater than 0", "group_limit")
	}
	w.limit, w.from = int(n), from
	return nil
}

// parseMatchers reads selectors; one that selects everything is refused.
func parseMatchers(selectors []string) ([][]*labels.Matcher, error) {
	sets, err := parser.ParseMetricSelectors(selectors)
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		if !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches("") }) {
			return nil, errors.New("match[] must contain at least one non-empty matcher")
		}
	}
	return sets, nil
}

// of are the wanted ones of groups: one page of them.
func (w wanted) of(groups []Group) (*v1.RuleDiscovery, error) {
	found := &v1.RuleDiscovery{RuleGroups: []*v1.RuleGroup{}}
	if w.from != "" {
		first := slices.IndexFunc(groups, func(g Group) bool { return token(g) == w.from })
		if first < 0 {
			return nil, fmt.Errorf("invalid parameter %q: invalid group_next_token '%v'. were rule groups changed?", "group_next_token", w.from)
		}
		groups = groups[first:]
	}
	for _, g := range groups {
		shown := w.group(g)
		if len(shown.Rules) == 0 {
			continue
		}
		if w.limit > 0 && len(found.RuleGroups) == w.limit {
			found.GroupNextToken = token(g)
			break
		}
		found.RuleGroups = append(found.RuleGroups, shown)
	}
	return found, nil
}

// group is what is wanted of one group.
func (w wanted) group(g Group) *v1.RuleGroup {
	shown := groupOf(g)
	if w.recording || !among(w.groups, g.Name) || !among(w.files, g.File) {
		return shown
	}
	for _, r := range g.Rules {
		if !among(w.names, r.Name) || !w.matches(r) {
			continue
		}
		rule := ruleOf(g, r)
		if w.withoutAlerts {
			rule.Alerts = nil
		}
		shown.Rules = append(shown.Rules, rule)
	}
	return shown
}

func among(list []string, name string) bool {
	return len(list) == 0 || slices.Contains(list, name)
}

// matches reports whether one of the selectors selects a rule by its labels.
func (w wanted) matches(r Rule) bool {
	return len(w.matchers) == 0 || slices.ContainsFunc(w.matchers, func(set []*labels.Matcher) bool {
		return !slices.ContainsFunc(set, func(m *labels.Matcher) bool { return !m.Matches(r.Labels[m.Name]) })
	})
}
