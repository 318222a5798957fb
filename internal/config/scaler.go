package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/promql"
	"github.com/slo-engine/slo-engine/internal/scaler"
	"github.com/slo-engine/slo-engine/pkg/slo"
	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// Scaling says which numbers autoscalers are told.
type Scaling struct {
	// PollInterval is the time between two polls of an input, 1 s to 5 m. Default
	// 15 s.
	PollInterval time.Duration `yaml:"poll_interval"`
	// StaleAfter is how old an input may be and still be known, twice PollInterval
	// to 30 m. Default 2 m.
	StaleAfter time.Duration `yaml:"stale_after"`
	// QueryTimeout bounds one query, 100 ms to 1 m. Default 10 s.
	QueryTimeout time.Duration `yaml:"query_timeout"`
	KEDA         KEDA          `yaml:"keda"`
	// Scalers are what is told. Default none.
	Scalers []scaler.Spec `yaml:"scalers"`
}

// KEDA is the port on which KEDA is answered.
type KEDA struct {
	// Listen is its address. Default off. TLS and who may ask are those of Auth.
	Listen Address `yaml:"listen"`
}

// DefaultScaling is what holds where the user said nothing.
func DefaultScaling() Scaling {
	return Scaling{PollInterval: 15 * time.Second, StaleAfter: 2 * time.Minute, QueryTimeout: 10 * time.Second}
}

// metricName is what a path of Kubernetes's API, and a metric's label, can hold.
var metricName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`)

// scaling checks the scalers, and puts in the backends that go without saying.
func (v *validator) scaling() {
	s := &v.config.Scaling
	v.between("scaling.poll_interval", s.PollInterval, time.Second, 5*time.Minute)
	v.between("scaling.stale_after", s.StaleAfter, 2*s.PollInterval, 30*time.Minute)
	v.between("scaling.query_timeout", s.QueryTimeout, 100*time.Millisecond, time.Minute)
	if s.KEDA.Listen != "" && len(s.Scalers) == 0 && !v.problems.Cover("scaling.scalers") {
		v.fail("scaling.keda.listen", "answers KEDA, and there is nothing to tell it", "write scalers, or remove it")
	}
	seen, asked := map[string]bool{}, map[string]int{}
	for i := range s.Scalers {
		path := strictyaml.Index("scaling.scalers", i)
		one := &s.Scalers[i]
		switch {
		case !metricName.MatchString(one.Name) || len(one.Name) > 63:
			v.fail(path+".name", strconv.Quote(one.Name)+" is not a name that Kubernetes can ask for", "write lower-case letters, digits, - and ., such as checkout")
		case seen[one.Name]:
			v.fail(path+".name", strconv.Quote(one.Name)+" is there twice", "give each a name of its own")
		}
		seen[one.Name] = true
		v.scaler(one, path, asked)
	}
	v.scalerRates(asked)
}

// scaler checks one, and counts what is asked of each backend.
func (v *validator) scaler(s *scaler.Spec, path string, asked map[string]int) {
	counts := s.Burn != nil
	query := func(q *scaler.Query, name string, times int) {
		v.scalerQuery(q, path+"."+name)
		counts = counts || q.Counts()
		asked[q.Backend] += times
	}
	if s.Queue != nil {
		query(&s.Queue.Query, "queue", 1)
	}
	if l := s.Load; l != nil {
		query(&l.Query, "load", 1)
		v.between(path+".load.ahead", l.Ahead, 0, time.Hour)
		v.between(path+".load.trend", l.Trend, time.Minute, time.Hour)
	}
	if g := s.Goroutines; g != nil {
		query(&g.Query, "goroutines", 2)
		v.between(path+".goroutines.for", g.For, 5*time.Minute, 6*time.Hour)
		v.above(path+".goroutines.growth", g.Growth, 0.01, 10)
		if s.Load == nil {
			v.fail(path+".goroutines", "rise with load, and which load is not said", "write load beside them")
		}
	}
	if b := s.Burn; b != nil {
		v.scalerBurn(b, path+".burn")
	}
	if !counts {
		v.fail(path, "adds nothing up", "write a target for queue, load or goroutines, or write burn")
	}
	v.scalerBounds(s, path)
}

func (v *validator) scalerQuery(q *scaler.Query, path string) {
	var names []string
	for _, b := range v.config.Prometheus {
		names = append(names, b.Name)
	}
	switch {
	case q.Backend == "" && len(names) == 1:
		q.Backend = names[0]
	case q.Backend == "" && len(names) == 0:
		v.fail(path+".backend", "is missing, and there is no PromQL backend to ask", "write one under prometheus, or history for the engine's own")
	case q.Backend == "":
		v.fail(path+".backend", "is missing", "known here: "+strings.Join(names, ", ")+", "+scaler.History)
	case q.Backend == scaler.History && v.config.Storage.Retention == 0:
		v.fail(path+".backend", "there is no history: storage.retention is 0", "write a Prometheus, or a retention")
	case q.Backend != scaler.History && !slices.Contains(names, q.Backend):
		v.fail(path+".backend", fmt.Sprintf("there is no PromQL backend %q", q.Backend), "known here: "+strings.Join(append(names, scaler.History), ", "))
	}
	v.above(path+".weight", q.Weight, 1e-6, 1e6)
	if q.Target != 0 {
		v.above(path+".target", q.Target, 1e-9, 1e15)
	}
	if expr, err := promql.Parse(q.Query); err != nil {
		v.fail(path+".query", "is not PromQL: "+err.Error(), "correct it")
	} else if kind := string(expr.Type()); kind != "vector" && kind != "scalar" || promql.HasWindow(q.Query) {
		v.fail(path+".query", "has no value at a time", "write what gives a number, such as sum(queue_depth)")
	}
}

func (v *validator) scalerBurn(b *scaler.Burn, path string) {
	if !slices.Contains(scaler.Windows, b.Window) {
		var known []string
		for _, w := range scaler.Windows {
			known = append(known, slo.FormatDuration(w))
		}
		v.fail(path+".window", "there is no burn rate of "+slo.FormatDuration(b.Window), "write one of "+strings.Join(known, ", "))
	}
	v.above(path+".above", b.Above, 0, 1e6)
	v.above(path+".weight", b.Weight, 1e-6, 1e6)
	v.above(path+".most", b.Most, 1e-6, 1e6)
}

func (v *validator) scalerBounds(s *scaler.Spec, path string) {
	v.above(path+".min", s.Min, 0, 1e6)
	v.above(path+".max", s.Max, 1e-3, 1e6)
	if s.Min > s.Max {
		v.fail(path+".min", fmt.Sprintf("%v is more than max, which is %v", s.Min, s.Max), "write a smaller one")
	}
}

// scalerRates checks that each backend can be asked all in time.
func (v *validator) scalerRates(asked map[string]int) {
	for i, b := range v.config.Prometheus {
		most := b.MaxQueriesPerSecond * v.config.Scaling.PollInterval.Seconds()
		if n := asked[b.Name]; n > 0 && float64(n) > most {
			v.fail(strictyaml.Index("prometheus", i)+".max_queries_per_second",
				fmt.Sprintf("%v is too little for the %d queries of scalers each %s", b.MaxQueriesPerSecond, n, slo.FormatDuration(v.config.Scaling.PollInterval)),
				"raise it, or scaling.poll_interval")
		}
	}
}

// above checks that a number is one, and within bounds.
func (v *validator) above(path string, n, least, most float64) {
	if math.IsNaN(n) || n < least || n > most {
		v.fail(path, fmt.Sprintf("must be between %v and %v, not %v", least, most, n), "remove it for the default")
	}
}
