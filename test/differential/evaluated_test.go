package differential

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/test/lab"
)

// evaluated is what rules of one flavour said.
type evaluated struct {
	flavour string
	beats   []model.SamplePair // the evaluations
	longest time.Duration      // between two of them
	firing  map[alert]map[model.Time]bool
}

// heard reads it from what Prometheus stored.
func heard(t *testing.T, prom *lab.Prometheus, flavour string) *evaluated {
	t.Helper()
	read := func(format string) model.Matrix {
		m, err := prom.QueryRangeSamples(t.Context(), fmt.Sprintf(format, flavour), time.Hour, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	beats := read(`heartbeat{flavour=%q}`)
	if len(beats) != 1 {
		t.Fatalf("%s rules were not evaluated", flavour)
	}
	e := &evaluated{flavour: flavour, beats: beats[0].Values, firing: map[alert]map[model.Time]bool{}}
	for i := 1; i < len(e.beats); i++ {
		e.longest = max(e.longest, e.beats[i].Timestamp.Sub(e.beats[i-1].Timestamp))
	}
	for _, s := range read(`ALERTS{flavour=%q,alertstate="firing"}`) {
		at := map[model.Time]bool{}
		for _, v := range s.Values {
			at[v.Timestamp] = true
		}
		e.firing[alert{string(s.Metric["service"]), string(s.Metric["slo"]), string(s.Metric["severity"])}] = at
	}
	return e
}

// of are the changes of an alert, at the times of evaluations.
func (e *evaluated) of(name alert) (list []change) {
	now := false
	for _, beat := range e.beats {
		if is := e.firing[name][beat.Timestamp]; is != now {
			now = is
			list = append(list, change{beat.Timestamp.Time(), is})
		}
	}
	return list
}
