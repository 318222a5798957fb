package scaler

import (
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo/strictyaml"
)

// History is the name of the engine's own history among the backends.
const History = "history"

// Spec is one scaler: what a service's number of replicas is made of.
type Spec struct {
	// Name is what autoscalers call it. No two have the same.
	Name string `yaml:"name" need:"a name of your own, such as checkout"`
	// Service is whose it is. SLO narrows burn to one SLO of it; empty: all.
	Service string `yaml:"service" need:"the service that is scaled, such as checkout"`
	SLO     string `yaml:"slo"`
	// The inputs; nil ones are not in the sum.
	Queue      *Queue      `yaml:"queue"`
	Load       *Load       `yaml:"load"`
	Goroutines *Goroutines `yaml:"goroutines"`
	Burn       *Burn       `yaml:"burn"`
	// Ahead counts for more what has to be done by fewer: while members of the
	// service are out of rotation, the others get their share.
	Ahead bool `yaml:"ahead"`
	// Min and Max bound the number, in replicas. Defaults 0 and 1000.
	Min float64 `yaml:"min"`
	Max float64 `yaml:"max"`
}

// Query is asked of a server: PromQL whose answer is a number.
type Query struct {
	// Backend is the name of a Prometheus, or History. Default: the only one.
	Backend string `yaml:"backend"`
	Query   string `yaml:"query" need:"PromQL, such as sum(queue_depth)"`
	// Target is what one replica can take. 0: it is not in the sum.
	Target float64 `yaml:"target"`
	// Weight is how much it counts for. Default 1.
	Weight float64 `yaml:"weight"`
}

// Counts reports whether it is in the sum.
func (q Query) Counts() bool { return q.Target > 0 }

// Queue is what waits.
type Queue struct {
	Query `yaml:",inline"`
}

// Load is what arrives, such as requests a second.
type Load struct {
	Query `yaml:",inline"`
	// Ahead counts it as it will be after that, if it goes on to rise as it does.
	// 0: as it is.
	Ahead time.Duration `yaml:"ahead"`
	// Trend is the time over which it is looked at for that. Default 5 m.
	Trend time.Duration `yaml:"trend"`
}

// Goroutines are those of each pod: their query has a series for each.
type Goroutines struct {
	Query `yaml:",inline"`
	// For is how long those of a pod must rise, and load must not, for a leak to be
	// suspected. Default 30 m.
	For time.Duration `yaml:"for"`
	// Growth is the least that they must grow in that time, as a share. Default
	// 0.2.
	Growth float64 `yaml:"growth"`
}

// Burn is the burn rate of the service's SLOs, the greatest of them.
type Burn struct {
	// Window is that of the burn rate: 1m, 5m, 30m, 1h, 2h, 6h, 1d or 3d. Default
	// 5 m.
	Window time.Duration `yaml:"window"`
	// Above is the burn rate that asks for nothing. Default 1.
	Above float64 `yaml:"above"`
	// Weight is how many replicas each unit of burn rate above that adds, and Most
	// how many it adds at the most: what fails for other reasons fails on a
	// thousand replicas, too. Defaults 0.1 and 2.
	Weight float64 `yaml:"weight"`
	Most   float64 `yaml:"most"`
}

// Windows are the burn rates that there are for every SLO whose window is
// longer.
var Windows = []time.Duration{
	time.Minute, 5 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour, 24 * time.Hour, 72 * time.Hour,
}

// UnmarshalValue fills in the defaults first.
func (s *Spec) UnmarshalValue(v strictyaml.Value) {
	type plain Spec // without this method
	p := plain{Max: 1000}
	v.Decode(&p)
	*s = Spec(p)
}

// UnmarshalValue fills in the defaults first.
func (q *Queue) UnmarshalValue(v strictyaml.Value) {
	type plain Queue
	p := plain{Query: Query{Weight: 1}}
	v.Decode(&p)
	*q = Queue(p)
}

// UnmarshalValue fills in the defaults first.
func (l *Load) UnmarshalValue(v strictyaml.Value) {
	type plain Load
	p := plain{Query: Query{Weight: 1}, Trend: 5 * time.Minute}
	v.Decode(&p)
	*l = Load(p)
}

// UnmarshalValue fills in the defaults first.
func (g *Goroutines) UnmarshalValue(v strictyaml.Value) {
	type plain Goroutines
	p := plain{Query: Query{Weight: 1}, For: 30 * time.Minute, Growth: 0.2}
	v.Decode(&p)
	*g = Goroutines(p)
}

// UnmarshalValue fills in the defaults first.
func (b *Burn) UnmarshalValue(v strictyaml.Value) {
	type plain Burn
	p := plain{Window: 5 * time.Minute, Above: 1, Weight: 0.1, Most: 2}
	v.Decode(&p)
	*b = Burn(p)
}

// queries are those of the inputs, by their names.
func (s Spec) queries() map[Input]Query {
	list := map[Input]Query{}
	if s.Queue != nil {
		list[InputQueue] = s.Queue.Query
	}
	if s.Load != nil {
		list[InputLoad] = s.Load.Query
	}
	if s.Goroutines != nil {
		list[InputGoroutines] = s.Goroutines.Query
	}
	return list
}
