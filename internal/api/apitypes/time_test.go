package apitypes

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	berlin := time.FixedZone("", 3600)
	for want, in := range map[string]time.Time{
		`null`:                       {},
		`"2026-03-01T11:00:00.123Z"`: time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, berlin),
		`"2026-03-01T12:00:00.000Z"`: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	} {
		text, err := json.Marshal(Time{in})
		if err != nil || string(text) != want {
			t.Errorf("%v is written %s, %v; want %s", in, text, err, want)
		}
		back := Time{time.Now()}
		if err := json.Unmarshal(text, &back); err != nil || !back.Equal(in.Truncate(time.Millisecond)) {
			t.Errorf("%s is read %v, %v", text, back, err)
		}
	}
	var bad Time
	if err := json.Unmarshal([]byte(`"yesterday"`), &bad); err == nil {
		t.Error("yesterday is taken for a time")
	}
}

func TestNumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if Number(v) != nil || Optional(&v) != nil {
			t.Errorf("%v is taken for a number", v)
		}
	}
	if Optional(nil) != nil || Seconds(nil) != nil {
		t.Error("what is not known became a number")
	}
	if d := 1500 * time.Millisecond; *Seconds(&d) != 1.5 || *Number(0) != 0 {
		t.Error("numbers change")
	}
}
