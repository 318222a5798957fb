package bench

import (
	"time"

	"github.com/slo-engine/slo-engine/bench/payload"
)

// scale says how much is measured.
type scale struct {
	cycles int // how often all sides are measured, in turns

	// Cost of a sample.
	fleet            payload.Fleet
	resources        payload.Fleet // of OTLP: fewer jobs, more series of each process
	perRequest       int
	warm, rounds     int
	manySLOs         int // against 10; one for each job of fleet
	settle           time.Duration
	evaluated        []int         // numbers of SLOs
	crowd            int           // the instances of a hundred SLOs, with -long
	recordEvery      time.Duration // their figures into the history
	ruled            []int         // numbers of SLOs whose rules peers run
	interval         time.Duration // between samples
	ruleEvery        time.Duration // between evaluations of a peer's rules
	warmUp, window   time.Duration // window is a multiple of both
	windows          int
	seriesFrom       int // memory is the slope between
	seriesTo         []int
	slosTo           int           // memory of SLOs, against 10
	past, pastEvery  time.Duration // of the SLOs whose memory is measured
	collectedWithin  time.Duration // how long to wait for a collection of garbage
	restarted        int           // SLOs
	restartEvery     time.Duration // between the samples of their past
	restartedWithin  time.Duration // how long to wait for the counts
	steps            int           // of detection, for each run
	detectedEvery    time.Duration // between samples and evaluations of the peer
	historyPerSeries time.Duration // before the step
}

var full = scale{
	cycles: 3,
	fleet:  payload.Fleet{Jobs: 10_000, PerJob: 10, Namespaces: 10}, resources: payload.Fleet{Jobs: 10, PerJob: 10_000},
	perRequest: 2000, warm: 3, rounds: 20, manySLOs: 10_000, settle: time.Second,
	evaluated: []int{10, 1_000, 10_000}, crowd: 100_000, recordEvery: time.Minute, ruled: []int{100, 500},
	interval: 15 * time.Second, ruleEvery: 30 * time.Second,
	warmUp: 45 * time.Second, window: 30 * time.Second, windows: 2,
	seriesFrom: 10_000, seriesTo: []int{110_000, 1_010_000}, slosTo: 1_000,
	past: 30 * 24 * time.Hour, pastEvery: time.Hour,
	collectedWithin: 130 * time.Second, restarted: 10_000, restartEvery: 2 * time.Hour, restartedWithin: 30 * time.Second,
	steps: 50, detectedEvery: 15 * time.Second, historyPerSeries: 10 * time.Minute,
}

// tiny shows in seconds that the harness works.
var tiny = scale{
	cycles: 1,
	fleet:  payload.Fleet{Jobs: 200, PerJob: 10, Namespaces: 10}, resources: payload.Fleet{Jobs: 10, PerJob: 200},
	perRequest: 500, warm: 2, rounds: 30, manySLOs: 200, settle: 100 * time.Millisecond,
	evaluated: []int{10}, crowd: 400, recordEvery: time.Second, ruled: []int{10},
	interval: time.Second, ruleEvery: 2 * time.Second,
	warmUp: 4 * time.Second, window: 4 * time.Second, windows: 1,
	seriesFrom: 1_000, seriesTo: []int{11_000}, slosTo: 100,
	past: 24 * time.Hour, pastEvery: time.Hour,
	collectedWithin: time.Second, restarted: 20, restartEvery: time.Hour, restartedWithin: 5 * time.Second,
	steps: 5, detectedEvery: 3 * time.Second, historyPerSeries: 10 * time.Minute,
}
