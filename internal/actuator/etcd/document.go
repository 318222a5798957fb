package etcd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/actuator/members"
)

// valueOf is what a document says; one that is not JSON is its text, which is
// nothing that an action writes.
func valueOf(raw []byte) (actuator.Value, error) {
	var v any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil || decoder.More() {
		v = string(raw)
	}
	return actuator.Canonical(v)
}

// weightsOf reads a group's members.
func weightsOf(v actuator.Value) (members.Set, error) {
	var set members.Set
	if err := json.Unmarshal(v, &set); err != nil || len(set) == 0 {
		return nil, fmt.Errorf("%w: %.200s is not weights: write such as {\"v1\": 90, \"v2\": 10}", actuator.ErrRefused, v)
	}
	if err := set.Check(); err != nil {
		return nil, fmt.Errorf("%w: %w", actuator.ErrRefused, err)
	}
	return set, nil
}

// sound keeps what no gateway should read out of overlays.
func (s *state) sound(to actuator.Value) error {
	if canonical, err := actuator.Canonical(to); err != nil || !actuator.Same(to, canonical) {
		return fmt.Errorf("%w: %.200s is not a value", actuator.ErrRefused, to)
	}
	if s.kind == kindRate {
		var rate float64
		if err := json.Unmarshal(to, &rate); err != nil || rate <= 0 {
			return fmt.Errorf("%w: %.200s is not a rate", actuator.ErrRefused, to)
		}
		return nil
	}
	if s.kind != kindWeights {
		var document map[string]json.RawMessage
		if err := json.Unmarshal(to, &document); err != nil {
			return fmt.Errorf("%w: %.200s is not an object", actuator.ErrRefused, to)
		}
		return nil
	}
	now, err := weightsOf(s.document.raw)
	if err != nil {
		return err
	}
	set, err := weightsOf(to)
	if err == nil && !slices.Equal(set.Names(), now.Names()) {
		err = fmt.Errorf("%w: its members are %v", actuator.ErrRefused, now.Names())
	}
	return err
}

// after is the value that an action leaves.
func after(action actuator.Action, before actuator.Value) (any, error) {
	switch action.Kind {
	case actuator.Shift:
		set, err := weightsOf(before)
		if err != nil {
			return nil, err
		}
		return set.Shift(action.From, action.To, action.Share)
	case actuator.Eject, actuator.Drain:
		set, err := weightsOf(before)
		if err != nil {
			return nil, err
		}
		return set.Without(action.Member)
	case actuator.RateLimit:
		return limit(before, action.PerSecond)
	case actuator.CloseRoute:
		return switched(before, "state", "closed", action.Status)
	}
	return switched(before, "breaker", "open", action.Status)
}

// limit is a rate. One that is lower already stays.
func limit(before actuator.Value, perSecond float64) (any, error) {
	if !(perSecond > 0 && perSecond <= math.MaxInt32) {
		return nil, fmt.Errorf("%w: %v requests a second: write more than 0, or close the route", actuator.ErrRefused, perSecond)
	}
	var now float64
	if err := json.Unmarshal(before, &now); err == nil && now > 0 && now <= perSecond {
		return before, nil
	}
	return perSecond, nil
}

// switched is a document with one of its fields changed, and the status that is
// answered. One that is switched already stays as it is.
func switched(before actuator.Value, field, to string, status int) (any, error) {
	var document map[string]json.RawMessage
	if err := json.Unmarshal(before, &document); err != nil || document == nil {
		return nil, fmt.Errorf("%w: %.200s is not an object with %q", actuator.ErrRefused, before, field)
	}
	if string(document[field]) == strconv.Quote(to) {
		return before, nil
	}
	if status == 0 {
		status = 503
	}
	if status < 200 || status > 599 {
		return nil, fmt.Errorf("%w: %d is not a status to answer", actuator.ErrRefused, status)
	}
	document[field], document["status"] = []byte(strconv.Quote(to)), fmt.Append(nil, status)
	return document, nil
}

// Between is the value on the way. The shares of a group's members go straight;
// all else knows no middle.
func (a *Actuator) Between(from, to actuator.Value, share float64) (actuator.Value, error) {
	f, errF := weightsOf(from)
	t, errT := weightsOf(to)
	switch {
	case share >= 1:
		return to, nil
	case share <= 0 || errF != nil || errT != nil:
		return from, nil
	}
	middle, err := members.Between(f, t, share)
	if err != nil {
		return nil, err
	}
	return actuator.Canonical(middle)
}
