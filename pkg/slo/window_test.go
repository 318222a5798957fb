package slo

import (
	"testing"
	"testing/quick"
	"time"

	"github.com/prometheus/common/model"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// TestBoundsCalendar gives times in RFC 3339 with their offsets, so that each
// row says which clock held.
func TestBoundsCalendar(t *testing.T) {
	tests := []struct {
		name       string
		period     Period
		zone       string
		at         string
		start, end string
	}{
		{"day", Day, "UTC", "2026-03-01T12:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"first moment", Day, "UTC", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"last moment", Day, "UTC", "2026-03-01T23:59:59.999999999Z", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"23 hours", Day, "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{"25 hours", Day, "Europe/Berlin", "2026-10-25T10:00:00Z", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"within the repeated hour", Day, "Europe/Berlin", "2026-10-25T02:30:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{"month over the change", Month, "Europe/Berlin", "2026-03-15T00:00:00Z", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{"month begins before UTC's", Month, "Europe/Berlin", "2026-02-28T23:30:00Z", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{"New York spring", Day, "America/New_York", "2026-03-08T12:00:00Z", "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00"},
		{"New York autumn", Week, "America/New_York", "2026-11-01T12:00:00Z", "2026-10-26T00:00:00-04:00", "2026-11-02T00:00:00-05:00"},
		{"half an hour", Day, "Asia/Kolkata", "2026-01-01T18:29:59Z", "2026-01-01T00:00:00+05:30", "2026-01-02T00:00:00+05:30"},
		{"half an hour, next", Day, "Asia/Kolkata", "2026-01-01T18:30:00Z", "2026-01-02T00:00:00+05:30", "2026-01-03T00:00:00+05:30"},
		{"Kolkata's year", Year, "Asia/Kolkata", "2025-12-31T18:30:00Z", "2026-01-01T00:00:00+05:30", "2027-01-01T00:00:00+05:30"},
		{"leap day", Day, "UTC", "2028-02-29T05:00:00Z", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"leap February", Month, "UTC", "2028-02-10T00:00:00Z", "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
		{"plain February", Month, "UTC", "2026-02-10T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"31st", Month, "UTC", "2026-01-31T00:00:00Z", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
		{"Monday", Week, "UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"},
		{"Sunday", Week, "UTC", "2026-03-01T23:59:59Z", "2026-02-23T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"week over the year", Week, "UTC", "2026-01-01T00:00:00Z", "2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"},
		{"first quarter", Quarter, "UTC", "2026-03-31T23:00:00Z", "2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z"},
		{"second quarter", Quarter, "UTC", "2026-04-01T00:00:00Z", "2026-04-01T00:00:00Z", "2026-07-01T00:00:00Z"},
		{"third quarter", Quarter, "UTC", "2026-08-15T00:00:00Z", "2026-07-01T00:00:00Z", "2026-10-01T00:00:00Z"},
		{"fourth quarter", Quarter, "Europe/Berlin", "2026-12-31T22:59:59Z", "2026-10-01T00:00:00+02:00", "2027-01-01T00:00:00+01:00"},
		{"year", Year, "America/New_York", "2026-01-01T04:59:59Z", "2025-01-01T00:00:00-05:00", "2026-01-01T00:00:00-05:00"},

		{"no midnight", Day, "Africa/Cairo", "2024-04-26T12:00:00Z", "2024-04-26T01:00:00+03:00", "2024-04-27T00:00:00+03:00"},
		{"before no midnight", Day, "Africa/Cairo", "2024-04-25T23:59:59+02:00", "2024-04-25T00:00:00+02:00", "2024-04-26T01:00:00+03:00"},
		{"two midnights, after the first", Day, "America/Havana", "2024-11-03T00:30:00-04:00", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"},
		{"two midnights, after the second", Day, "America/Havana", "2024-11-03T00:30:00-05:00", "2024-11-03T00:00:00-04:00", "2024-11-04T00:00:00-05:00"},
		{"a date that never was", Day, "Pacific/Apia", "2011-12-29T20:00:00-10:00", "2011-12-29T00:00:00-10:00", "2011-12-31T00:00:00+14:00"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := Window{Period: test.period, Location: zone(t, test.zone)}
			start, end := w.Bounds(instant(t, test.at))
			if !start.Equal(instant(t, test.start)) || !end.Equal(instant(t, test.end)) {
				t.Errorf("got %v to %v, want %s to %s", start, end, test.start, test.end)
			}
		})
	}
}

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestBoundsWithoutLocation(t *testing.T) {
	start, end := Window{Period: Day}.Bounds(instant(t, "2026-03-01T23:00:00-05:00"))
	if !start.Equal(instant(t, "2026-03-02T00:00:00Z")) || !end.Equal(instant(t, "2026-03-03T00:00:00Z")) {
		t.Errorf("got %v to %v", start, end)
	}
}

func TestBoundsRolling(t *testing.T) {
	at := instant(t, "2026-03-29T10:00:00Z")
	start, end := Window{Rolling: 30 * day, Location: zone(t, "Europe/Berlin")}.Bounds(at)
	if end != at || at.Sub(start) != 720*time.Hour {
		t.Errorf("got %v to %v", start, end)
	}
}

// TestBoundsTile walks through two years of zones with odd changes: every
// moment lies in its period, and the periods join without gap or overlap.
func TestBoundsTile(t *testing.T) {
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "America/Havana",
		"Asia/Beirut", "America/Santiago", "Atlantic/Azores", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca"}
	for _, name := range zones {
		location := zone(t, name)
		for period := Day; period <= Year; period++ {
			w := Window{Period: period, Location: location}
			at := instant(t, "2024-01-01T00:00:00Z")
			_, last := w.Bounds(at)
			for range 2 * 366 * 48 {
				at = at.Add(30 * time.Minute)
				start, end := w.Bounds(at)
				if start.After(at) || !at.Before(end) {
					t.Fatalf("%s %s: %v is not in %v to %v", name, period, at, start, end)
				}
				if !end.Equal(last) {
					if !start.Equal(last) {
						t.Fatalf("%s %s: a period ends %v, the next begins %v", name, period, last, start)
					}
					last = end
				}
			}
		}
	}
}

func TestNominal(t *testing.T) {
	for w, want := range map[Window]string{
		{Rolling: 36 * time.Hour}: "1d12h", {Period: Day}: "1d", {Period: Week}: "7d",
		{Period: Month}: "30d", {Period: Quarter}: "90d", {Period: Year}: "365d",
	} {
		if got := FormatDuration(w.Nominal()); got != want {
			t.Errorf("%s: got %s, want %s", w, got, want)
		}
	}
}

func TestWindowString(t *testing.T) {
	for want, w := range map[string]Window{
		"30d": {Rolling: 30 * day}, "84d": {Rolling: 84 * day}, "1h30m": {Rolling: 90 * time.Minute},
		"month": {Period: Month}, "week": {Period: Week, Location: time.UTC},
		"quarter (Europe/Berlin)": {Period: Quarter, Location: zone(t, "Europe/Berlin")},
	} {
		if got := w.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPeriodNames(t *testing.T) {
	for p := Day; p <= Year; p++ {
		if got, ok := ParsePeriod(p.String()); !ok || got != p {
			t.Errorf("%v reads as %v, %v", p, got, ok)
		}
	}
	if p, ok := ParsePeriod(""); ok || NoPeriod.String() != "" {
		t.Errorf("no period reads as %v", p)
	}
}

func TestFormatDuration(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s": 0, "1ms": time.Millisecond, "1s500ms": 1500 * time.Millisecond, "5m": 5 * time.Minute, "1h": time.Hour,
		"1d": day, "7d": 7 * day, "365d": 365 * day, "7d1h": 7*day + time.Hour, "1.5µs": 1500 * time.Nanosecond, "-5s": -5 * time.Second,
	} {
		if got := FormatDuration(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestDurationRoundTrip(t *testing.T) {
	back := func(n uint32, seconds bool) bool {
		d := time.Duration(n) * time.Millisecond
		if seconds {
			d *= 1000
		}
		got, err := ParseDuration(FormatDuration(d))
		return err == nil && got == d
	}
	if err := quick.Check(back, nil); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"", "30", "1.5h", "-1h", "h", "1h1h", "1m1h", "9999999y"} {
		if d, err := ParseDuration(s); err == nil {
			t.Errorf("%q reads as %v", s, model.Duration(d))
		}
	}
}
