package tyk

import (
	"cmp"
	"fmt"
	"maps"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// answered are the parts with operations that answer a status by themselves.
func answered(d document, before parts, operations []string, status int) (parts, error) {
	if status = cmp.Or(status, 503); status < 200 || status > 599 {
		return nil, fmt.Errorf("%w: %d is not a status to answer", actuator.ErrRefused, status)
	}
	after := maps.Clone(before)
	for _, operation := range operations {
		if err := d.known(operation); err != nil {
			return nil, err
		}
		after[mock+" "+operation] = object{"enabled": true, "code": status}
	}
	if len(operations) == 0 {
		return nil, fmt.Errorf("%w: the API's description names no operation", actuator.ErrRefused)
	}
	return after, nil
}

// fused are the parts with a breaker at each operation: Tyk opens it once half of
// ten calls have failed, and tries again after 30 s.
func fused(d document, before parts, status int) (parts, error) {
	if status != 0 && status != 503 {
		return nil, fmt.Errorf("%w: Tyk's circuit breaker answers 503, not %d", actuator.ErrUnsupported, status)
	}
	after := maps.Clone(before)
	for _, operation := range d.operations() {
		after[fuse+" "+operation] = object{
			"enabled": true, "threshold": 0.5, "sampleSize": 10, "coolDownPeriod": 30, "halfOpenStateEnabled": true,
		}
	}
	if len(d.operations()) == 0 {
		return nil, fmt.Errorf("%w: the API's description names no operation", actuator.ErrRefused)
	}
	return after, nil
}
