package sampling

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/sampling"
)

// target names a key: no service has a space in its name.
func target(key sampling.Key) string {
	if key.Operation == "" {
		return key.Service
	}
	return key.Service + " " + key.Operation
}

func keyOf(target string) sampling.Key {
	service, operation, _ := strings.Cut(target, " ")
	return sampling.Key{Service: service, Operation: operation}
}

// leased is a value as JSON.
type leased struct {
	Probability float64 `json:"probability"`
}

// value is a share as a value; 0 is none.
func value(share float64) actuator.Value {
	if share == 0 {
		return actuator.Absent
	}
	v, _ := actuator.Canonical(leased{share}) // a number between 0 and 1: cannot fail
	return v
}

func probability(v actuator.Value) (float64, error) {
	var l leased
	if err := json.Unmarshal(v, &l); err != nil {
		return 0, fmt.Errorf("read the value %s: %w", v, err)
	}
	if l.Probability < 0 || l.Probability > 1 {
		return 0, fmt.Errorf("read the value %s: it is no share", v)
	}
	return l.Probability, nil
}

// requests are what is done, as people read it.
func requests(target string, v actuator.Value) []actuator.Request {
	return []actuator.Request{{Line: "lease sampling of " + target, Body: string(v)}}
}
