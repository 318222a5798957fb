package tyk

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// everywhere is the route that is the whole API.
const everywhere = "*"

// known refuses an operation that the description does not name.
func (d document) known(operation string) error {
	if operation == "" || !slices.Contains(d.operations(), operation) {
		return fmt.Errorf("%w: the API has no operation %q", actuator.ErrMissing, operation)
	}
	return nil
}

// limited are the parts with a limit of the API or an operation. It is never made
// higher.
func (a *Actuator) limited(d document, before parts, action actuator.Action) (parts, error) {
	name := limit
	switch {
	case d.classic && action.Route != everywhere:
		return nil, fmt.Errorf("%w: of a classic definition only the whole API can be limited: write %q as route", actuator.ErrMissing, everywhere)
	case d.classic:
		name = ancient
	case action.Route != everywhere:
		if err := d.known(action.Route); err != nil {
			return nil, err
		}
		name += " " + action.Route
	}
	rate, per, err := rateOf(action.PerSecond)
	if err != nil {
		return nil, err
	}
	if now := perSecond(before[name]); now > 0 && now <= action.PerSecond {
		return nil, fmt.Errorf("%w: it takes only %v requests a second already", actuator.ErrRefused, now)
	}
	after := maps.Clone(before)
	after[name] = object{"enabled": true, "rate": rate, "per": shortened(per.String())}
	if d.classic {
		after[name] = object{"disabled": false, "rate": rate, "per": int(per.Seconds())}
	}
	return after, nil
}

// rateOf is a rate in whole requests, a second or a minute.
func rateOf(perSecond float64) (rate int, per time.Duration, err error) {
	for _, per := range []time.Duration{time.Second, time.Minute} {
		if n := perSecond * per.Seconds(); n >= 1 && n <= math.MaxInt32 && n == math.Trunc(n) {
			return int(n), per, nil
		}
	}
	return 0, 0, fmt.Errorf("%w: %v requests a second: Tyk counts whole numbers, a second or a minute", actuator.ErrRefused, perSecond)
}

// perSecond is a limit that is in force; 0: none is, or it cannot be read.
func perSecond(part any) float64 {
	var said struct {
		Enabled  *bool
		Disabled bool
		Rate     float64
		Per      json.RawMessage
	}
	if convert(part, &said) != nil || said.Disabled || said.Enabled != nil && !*said.Enabled {
		return 0
	}
	var text string
	seconds := 0.
	if json.Unmarshal(said.Per, &text) == nil {
		per, _ := time.ParseDuration(text)
		seconds = per.Seconds()
	} else if json.Unmarshal(said.Per, &seconds) != nil {
		return 0
	}
	if seconds <= 0 {
		return 0
	}
	return said.Rate / seconds
}
