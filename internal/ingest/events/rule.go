package events

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// rule says what events are to one SLO.
type rule struct {
	pins
	judge judge
	// reach is how far back the SLO looks, in nanoseconds.
	reach int64
	// group are the places of the groupBy labels, in their order.
	group []int
	// good and bad are the slots in which they are counted.
	good, bad int
}

// judge decides about one event.
type judge interface{ judge(e *event) verdict }

// verdict is what an event is to an SLO.
type verdict uint8

const (
	ignored verdict = iota
	good
	bad
)

func badIf(is bool) verdict {
	if is {
		return bad
	}
	return good
}

// spanRule judges spans.
type spanRule struct {
	anyKind    bool
	kind       ptrace.SpanKind
	of, ignore condition // no ignore: nothing is ignored
	bad        condition // none: see faulty
	// faulty makes spans bad whose status is an error.
	faulty bool
	// slower makes spans bad that took longer; 0: however long.
	slower time.Duration
}

func (r *spanRule) judge(e *event) verdict {
	switch {
	case !r.anyKind && e.kind != r.kind, !r.of.holds(e.cells), len(r.ignore) > 0 && r.ignore.holds(e.cells):
		return ignored
	case r.slower > 0 && e.duration > r.slower:
		return bad
	case r.faulty:
		return badIf(e.status == ptrace.StatusCodeError)
	}
	return badIf(len(r.bad) > 0 && r.bad.holds(e.cells))
}

// newSpanRule compiles what a document says.
func newSpanRule(c *columns, s *slo.Spans) (*spanRule, error) {
	r := &spanRule{anyKind: s.Kind == "", faulty: len(s.Bad) == 0, slower: s.SlowerThan}
	if !r.anyKind {
		var ok bool
		if r.kind, ok = kindOf(s.Kind); !ok {
			return nil, fmt.Errorf("there is no kind of span %q", s.Kind)
		}
	}
	for _, part := range []struct {
		to   *condition
		from []string
	}{{&r.of, s.Attributes}, {&r.bad, s.Bad}, {&r.ignore, s.Ignore}} {
		var err error
		if *part.to, err = written(c, part.from); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func kindOf(word string) (ptrace.SpanKind, bool) {
	for kind, s := range kinds {
		if strings.EqualFold(word, s.short) || word == s.long {
			return kind, true
		}
	}
	return 0, false
}

// newLatencyRule is the rule of a latency of spans: no status is bad by itself.
func newLatencyRule(c *columns, l *sli.SpanLatency) *spanRule {
	return &spanRule{anyKind: true, of: selected(c, l.Matchers), bad: selected(c, l.Errors), slower: l.Below}
}

// logRule judges log records.
type logRule struct{ of, bad, ignore selection }

func (r *logRule) judge(e *event) verdict {
	if !r.of.all && !r.of.holds(e) || r.ignore.holds(e) {
		return ignored
	}
	return badIf(r.bad.holds(e))
}

// selection is a compiled slo.LogSelection.
type selection struct {
	// all says that nothing is said; what that means depends on what for.
	all        bool
	severity   plog.SeverityNumber // the least; 0: any, or none
	attributes condition
	body       *regexp.Regexp // nil: any
}

// holds reports whether all holds that the selection says. Of one that says
// nothing, nothing holds.
func (s *selection) holds(e *event) bool {
	return !s.all && e.severity >= s.severity && s.attributes.holds(e.cells) &&
		(s.body == nil || s.body.MatchString(e.text()))
}

func newLogRule(c *columns, l *slo.Logs) (*logRule, error) {
	r := &logRule{}
	for _, part := range []struct {
		to   *selection
		from slo.LogSelection
	}{{&r.of, l.Of}, {&r.bad, l.Bad}, {&r.ignore, l.Ignore}} {
		if err := part.to.compile(c, part.from); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (s *selection) compile(c *columns, from slo.LogSelection) (err error) {
	s.all = from.Severity == "" && len(from.Attributes) == 0 && from.Body == ""
	if from.Severity != "" {
		if s.severity = severities[strings.ToLower(from.Severity)]; s.severity == 0 {
			return fmt.Errorf("there is no severity %q", from.Severity)
		}
	}
	if from.Body != "" {
		if s.body, err = regexp.Compile(from.Body); err != nil {
			return fmt.Errorf("read the expression for the body: %w", err)
		}
	}
	s.attributes, err = written(c, from.Attributes)
	return err
}

// pins are the service and the name that all events of a rule have; empty where
// they may differ. Rules are found by them.
type pins struct{ service, name string }

// pinned are those that the matchers of a selector ask for.
func pinned(matchers []*labels.Matcher) (p pins) {
	for _, m := range matchers {
		if m.Type != labels.MatchEqual {
			continue
		}
		switch m.Name {
		case serviceName, promServiceName:
			p.service = m.Value
		case spanNamed, promSpanName:
			p.name = m.Value
		}
	}
	return p
}
