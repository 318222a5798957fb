package api

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/slo-engine/slo-engine/internal/engine"
)

func viewOf(most int, instances ...*engine.Instance) *SLOView {
	return SLOViews(Options{Snapshot: at(&engine.Snapshot{At: noon, Instances: instances}), MaxExportedInstances: most})()
}

// told is the series of an instance and their values, as "metric labels".
func told(v *SLOView, i int) map[string]float64 {
	shape, values := v.Read(i, nil, nil)
	series, n := map[string]float64{}, 0
	v.Series(i, shape, func(metric string, labels []string) {
		var pairs []string
		for i := 0; i < len(labels); i += 2 {
			pairs = append(pairs, labels[i]+"="+labels[i+1])
		}
		slices.Sort(pairs)
		if !math.IsNaN(values[n]) {
			series[metric+" "+strings.Join(pairs, ",")] = values[n]
		}
		n++
	})
	return series
}

// gathered is the same of a page.
func gathered(t *testing.T, g prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			var pairs []string
			for _, l := range m.Label {
				pairs = append(pairs, l.GetName()+"="+l.GetValue())
			}
			slices.Sort(pairs)
			series[f.GetName()+" "+strings.Join(pairs, ",")] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return series
}

func TestTheViewIsThePage(t *testing.T) {
	torn := healthy(spec("torn", "compiled", nil))
	torn.State = engine.StateError
	instances := []*engine.Instance{burning(), evil(), cold(), torn}
	v, all := viewOf(10, instances...), map[string]float64{}
	for i := range v.Len() {
		maps.Copy(all, told(v, i))
	}
	if diff := cmp.Diff(gathered(t, gatherer(instances...)), all); diff != "" || len(all) < 30 {
		t.Errorf("%d series; -page +view:\n%s", len(all), diff)
	}
	if v.Key(0) != instances[0].ID || !v.At().Equal(noon) {
		t.Errorf("the first is %s at %s", v.Key(0), v.At())
	}
}

func TestWhatIsTooManyForThePageHasItsCore(t *testing.T) {
	v := viewOf(1, healthy(spec("a", "a", nil)), healthy(spec("b", "b", nil)))
	base := "period=30d,%sservice=b,slo=b,slo_id=b:b"
	want := map[string]float64{
		"slo_error_budget_remaining_ratio " + fmt.Sprintf(base, ""): 0.92,
		"slo_events_total " + fmt.Sprintf(base, "result=good,"):     199_990,
		"slo_events_total " + fmt.Sprintf(base, "result=bad,"):      10,
		"slo_burn_rate " + fmt.Sprintf(base, "") + ",window=1h":     0,
	}
	if diff := cmp.Diff(want, told(v, 1)); diff != "" {
		t.Errorf("the core (-want +got):\n%s", diff)
	}
	if got := len(told(v, 0)); got <= len(want) {
		t.Errorf("one that is exported has %d series", got)
	}
}

// The shape is what the series are, whatever the values.
func TestInstancesThatAreAlikeShareAShape(t *testing.T) {
	s := spec("a", "a", nil)
	s.GroupBy = []string{"route"}
	one, other := healthy(s), healthy(s)
	other.Remaining, other.State = nil, engine.StateNoData
	shape, _ := viewOf(10, one).Read(0, nil, nil)
	if got, _ := viewOf(10, other).Read(0, shape, nil); got != shape {
		t.Error("a value that is not known made another shape")
	}
	changed := map[string]func(*engine.Instance){
		"another document":    func(in *engine.Instance) { in.Spec = spec("a", "a", nil) },
		"another window":      func(in *engine.Instance) { in.Windows = in.Windows[1:] },
		"a tier of old":       func(in *engine.Instance) { in.Alerts = []engine.AlertStatus{{Tier: "old"}} },
		"a further window":    func(in *engine.Instance) { in.Also = []engine.Period{{Window: s.Window}} },
		"a document at fault": func(in *engine.Instance) { in.State = engine.StateError },
	}
	for name, change := range changed {
		in := healthy(s)
		change(in)
		got, values := viewOf(10, in).Read(0, shape, nil)
		count := 0
		viewOf(10, in).Series(0, got, func(string, []string) { count++ })
		if got == shape || len(values) != count {
			t.Errorf("%s: %d values of %d series, the same shape: %v", name, len(values), count, got == shape)
		}
	}
	if SLOViews(Options{Snapshot: at(nil)})() != nil {
		t.Error("there is a view before the first snapshot")
	}
}
