package kong

import (
	"cmp"
	"fmt"
	"maps"
	"math"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// periods are those that Kong limits in; seconds are how long they are, by its
// count.
var (
	periods = []string{"second", "minute", "hour", "day", "month", "year"}
	seconds = map[string]float64{"second": 1, "minute": 60, "hour": 3600, "day": 86400, "month": 2592000, "year": 31536000}
)

// limited is a plugin that lets so many requests a second through; before is the
// one that is there. It is never made to let through more.
func (a *Actuator) limited(before *pluginValue, t *pluginTarget, perSecond float64) (after settings, err error) {
	period, n, err := limit(perSecond)
	switch {
	case err != nil:
		return nil, err
	case before == nil:
		return settings{"limit_by": "service", "policy": cmp.Or(a.c.RatePolicy, perNode), period: n}, nil
	}
	after = maps.Clone(before.Config)
	for _, p := range periods {
		has, set := after[p].(float64)
		switch {
		case !set:
		case !before.Enabled: // it limits nothing
			delete(after, p)
		case has <= n && seconds[p] >= seconds[period]:
			return nil, fmt.Errorf("plan rate limit: %w: %s takes only %v a %s already", actuator.ErrRefused, t.name, has, p)
		case has >= n && seconds[p] < seconds[period]: // Kong wants no smaller number in a longer period
			delete(after, p)
		}
	}
	after[period] = n
	return after, nil
}

// limit is a rate in the shortest period that has a whole number of requests.
func limit(perSecond float64) (period string, n float64, err error) {
	for _, period := range periods[:2] {
		if n := perSecond * seconds[period]; n >= 1 && n <= math.MaxInt32 && n == math.Trunc(n) {
			return period, n, nil
		}
	}
	return "", 0, fmt.Errorf("plan rate limit: %w: %v requests a second: Kong counts whole numbers, a second or a minute", actuator.ErrRefused, perSecond)
}

// closed is a plugin that answers a status to all.
func closed(before *pluginValue, status int) (settings, error) {
	if status = cmp.Or(status, 503); status < 200 || status > 599 {
		return nil, fmt.Errorf("plan to answer: %w: %d is not a status to answer", actuator.ErrRefused, status)
	}
	after := settings{}
	if before != nil {
		after = maps.Clone(before.Config)
		delete(after, "trigger") // with one it answers only some
	}
	after["status_code"] = float64(status)
	return after, nil
}
