package apitypes

import (
	"bytes"
	"encoding/json"
	"math"
	"time"
)

const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// Time is written as RFC 3339 in UTC with milliseconds. The zero Time is not
// known, and written as null.
type Time struct{ time.Time }

// MarshalJSON implements json.Marshaler.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return t.UTC().AppendFormat(nil, `"`+milliseconds+`"`), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Time) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*t = Time{}
		return nil
	}
	return json.Unmarshal(data, &t.Time)
}

// Number is v as JSON can say it: what is not finite is not known.
func Number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// Optional is Number of what v points to; nil stays nil.
func Optional(v *float64) *float64 {
	if v == nil {
		return nil
	}
	return Number(*v)
}

// Seconds is d in seconds; nil stays nil.
func Seconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	return Number(d.Seconds())
}
