package differential

import (
	"fmt"
	"math"
	"time"
)

// A month is 30 days of one sample a minute, less ten minutes: the engine
// refuses samples that are older than the window, and sending takes a moment.
const (
	monthMinutes = 30*24*60 - 10
	monthBudget  = 0.001 // 1 - objective
)

// month is a kind of traffic and what happened to it.
type month struct {
	id, traffic, incident string
	// rate is the number of requests in a second, failed the share of them
	// that failed, both by the minute of the month, which begins at midnight
	// of a Monday.
	rate, failed func(minute int) float64
}

var months = []month{
	{"steady", "flat, 100/s", "1 in 2,000 fails, always", flat(100), always(0.0005)},
	{"flat", "flat, 100/s", "outage of 30 min", flat(100), outage(12, 14, 30)},
	{"peak", "day and night, 190/s to 10/s", "outage of 30 min at the peak", diurnal, outage(12, 13.75, 30)},
	{"trough", "day and night, 190/s to 10/s", "outage of 60 min at the trough", diurnal, outage(12, 1.5, 60)},
	{"hours", "200/s in office hours, else 2/s", "outage of 20 min in office hours", office(2), outage(15, 11, 20)},
	{"night", "200/s in office hours, else 2/s", "outage of 4 h at night", office(2), outage(15, 1, 240)},
	{"batch", "5/s, for 10 min each night 2,000/s", "2 % of the nightly requests fail", nightly, inBatch(0.02)},
	{"empty", "200/s in office hours, else nobody", "outage of 20 min in office hours", office(0), outage(15, 11, 20)},
}

func flat(rate float64) func(int) float64 { return func(int) float64 { return rate } }

// diurnal has its peak at 14:00.
func diurnal(minute int) float64 {
	return 100 + 90*math.Cos(2*math.Pi*(hour(minute)-14)/24)
}

func office(otherwise float64) func(int) float64 {
	return func(minute int) float64 {
		if weekday := minute / (24 * 60) % 7; weekday < 5 && hour(minute) >= 9 && hour(minute) < 17 {
			return 200
		}
		return otherwise
	}
}

func nightly(minute int) float64 {
	if batch(minute) {
		return 2000
	}
	return 5
}

func batch(minute int) bool { return hour(minute) >= 3 && hour(minute) < 3+10.0/60 }

func hour(minute int) float64 { return float64(minute%(24*60)) / 60 }

func always(share float64) func(int) float64 { return func(int) float64 { return share } }

// outage fails everything on a day (from 0), from an hour on, for some minutes.
func outage(day int, hour float64, minutes int) func(int) float64 {
	from := day*24*60 + int(hour*60)
	return func(minute int) float64 {
		if minute >= from && minute < from+minutes {
			return 1
		}
		return 0
	}
}

func inBatch(share float64) func(int) float64 {
	return func(minute int) float64 {
		if batch(minute) {
			return share
		}
		return 0
	}
}

// events are those of one minute, whole.
func (m month) events(minute int) tally {
	total := math.Round(60 * m.rate(minute))
	return tally{math.Round(total * m.failed(minute)), total}
}

// truth counts the whole month.
func (m month) truth() (sum tally) {
	for minute := range monthMinutes {
		sum = sum.plus(m.events(minute))
	}
	return sum
}

func (m month) series(code string) string {
	return fmt.Sprintf(`requests_total{code=%q,instance=%q,job="shop",month=%q}`, code, m.id, m.id)
}

func (m month) figures() figures {
	return figures{
		total: fmt.Sprintf(`requests_total{month=%q}`, m.id),
		bad:   fmt.Sprintf(`requests_total{month=%q,code="500"}`, m.id),
	}
}

// lived sends all months, to end together. The first samples are where
// counting begins.
func lived(end time.Time, send func(...sample)) {
	sums := make([]tally, len(months))
	for minute := range monthMinutes + 1 {
		at := end.Add(time.Duration(minute-monthMinutes) * time.Minute).UnixMilli()
		var set []sample
		for i, m := range months {
			set = append(set, sample{m.series("200"), at, sums[i].total - sums[i].bad}, sample{m.series("500"), at, sums[i].bad})
			sums[i] = sums[i].plus(m.events(minute))
		}
		send(set...)
	}
}
