package scaler

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
)

// List is the document of all scalers: each one's number, what it is made of,
// what is missing, and which leaks are suspected.
func (s *Scalers) List() apitypes.ScalerList {
	list := apitypes.ScalerList{Scalers: []apitypes.Scaler{}}
	for _, one := range s.Status() {
		list.Scalers = append(list.Scalers, one.view())
	}
	return list
}

// ServeHTTP answers GET /api/v1/scalers with List.
func (s *Scalers) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(s.List()) // the client may be gone
}

// view is the document of one scaler.
func (s Status) view() apitypes.Scaler {
	v := apitypes.Scaler{
		Name: s.Spec.Name, Service: s.Spec.Service, SLO: s.Spec.SLO, Min: s.Spec.Min, Max: s.Spec.Max,
		Inputs: []apitypes.ScalerInput{}, Missing: []apitypes.ScalerLack{}, Leaks: []apitypes.ScalerLeak{},
	}
	if s.Missing == nil {
		active := s.Number.Value > 0
		v.Replicas, v.Unbounded, v.Active, v.At = apitypes.Number(s.Number.Value), apitypes.Number(s.Number.Unbounded), &active, utc(s.Number.At)
	}
	for _, input := range []Input{InputQueue, InputLoad, InputGoroutines, InputMembers, InputBurn} {
		if r, has := s.Readings[input]; has {
			v.Inputs = append(v.Inputs, s.input(input, r))
		}
	}
	for _, l := range s.lacks() {
		v.Missing = append(v.Missing, apitypes.ScalerLack{Input: string(l.Input), Reason: l.Why})
	}
	for _, l := range s.Leaks {
		v.Leaks = append(v.Leaks, apitypes.ScalerLeak{
			Pod: l.Pod, Since: utc(l.Since), PerMinute: apitypes.Number(l.PerMinute),
			Goroutines: apitypes.Number(l.Goroutines), Counted: apitypes.Number(l.Counted),
		})
	}
	return v
}

// input is the document of one input.
func (s Status) input(input Input, r Reading) apitypes.ScalerInput {
	v := apitypes.ScalerInput{Input: string(input), Problem: r.problem()}
	if v.Problem == "" {
		v.Value, v.At = apitypes.Number(r.Value), utc(r.At)
	}
	if q, asked := s.Spec.queries()[input]; asked {
		v.Backend, v.Query = q.Backend, q.Query
		if q.Counts() {
			v.Target, v.Weight = apitypes.Number(q.Target), apitypes.Number(q.Weight)
		}
	}
	if input == InputBurn {
		v.Weight = apitypes.Number(s.Spec.Burn.Weight)
	}
	for _, term := range s.Number.Terms {
		if term.Input == input {
			v.Adds = apitypes.Number(term.Adds)
		}
	}
	return v
}

func utc(t time.Time) apitypes.Time { return apitypes.Time{Time: t} }
