package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
)

// shard owns a part of the SLOs. All fields but inbox are touched by its
// goroutine only.
type shard struct {
	name    string // its number, for metrics
	options Options
	metrics *metrics
	inbox   chan func()

	tracker  *sli.Tracker
	policies map[string]*policy // by spec id
	// judged are the instances with their alert states, by id.
	judged    map[string]*judged
	nextSweep time.Time
}

// sweepEvery is how often a shard forgets what has been silent for long.
const sweepEvery = 10 * time.Minute

func newShard(name string, o Options, tracker sli.Options, m *metrics) *shard {
	return &shard{
		name: name, options: o, metrics: m,
		inbox:    make(chan func(), o.QueueLength),
		tracker:  sli.NewTracker(tracker),
		policies: map[string]*policy{},
		judged:   map[string]*judged{},
	}
}

// run executes what is sent to the shard until ctx ends.
func (s *shard) run(ctx context.Context) {
	for {
		select {
		case f := <-s.inbox:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// do sends a function and waits for a place in the queue until ended is closed.
func (s *shard) do(ended <-chan struct{}, f func()) bool {
	select {
	case s.inbox <- f:
		return true
	case <-ended:
		return false
	}
}

// enqueue sends a function, or gives up after a while: the sender can wait
// better than we can.
func (s *shard) enqueue(ctx context.Context, stopped <-chan struct{}, f func()) error {
	select {
	case s.inbox <- f:
		return nil
	default:
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case s.inbox <- f:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	case <-stopped:
		return ErrStopped
	}
}

func (s *shard) ingest(batch *sli.Batch, part []int32, now time.Time, receipt *sli.Receipt) {
	for _, i := range part {
		s.tracker.Ingest(&batch.Series[i], batch.Whole, now, receipt)
	}
}

// load takes over a new set of programs.
func (s *shard) load(programs []*sli.Program, now time.Time) {
	s.tracker.Replace(programs, now)
	s.policies = map[string]*policy{}
	for _, p := range programs {
		s.policies[p.Spec.ID()] = newPolicy(p.Spec)
	}
	instances := map[string]*sli.Instance{}
	for _, in := range s.tracker.Instances() {
		instances[in.ID] = in
	}
	var batch []alerts.Alert
	for id, j := range s.judged {
		if in := instances[id]; in == j.instance && in != nil {
			batch = append(batch, s.adopt(j, now)...)
			continue
		}
		batch = append(batch, s.retire(j, "slo_removed", now)...)
		delete(s.judged, id)
	}
	s.notify(now, batch)
}

// adopt gives an instance its spec's new policy and labels. Alerts whose
// labels changed end under the old ones and go on under the new ones, in one
// send.
func (s *shard) adopt(j *judged, now time.Time) []alerts.Alert {
	before, ended := j.subject(s.options.Link), s.render(j, nil)
	j.spec = j.instance.Spec
	j.policy = s.policies[j.spec.ID()]
	if j.spec.Alerting.Disabled {
		return s.retireAs(before, j, "alerting_disabled", now)
	}
	var batch []alerts.Alert
	for i, renewed := range s.render(j, nil) {
		if old := ended[i]; !maps.Equal(old.Labels, renewed.Labels) {
			old.ResolvedAt = now
			batch = append(batch, old, renewed)
			j.refreshed = time.Time{} // the next tick adds what is not known here
		}
	}
	return batch
}

// retire ends every alert of an instance.
func (s *shard) retire(j *judged, reason string, now time.Time) []alerts.Alert {
	return s.retireAs(j.subject(s.options.Link), j, reason, now)
}

func (s *shard) retireAs(who alerts.Subject, j *judged, reason string, now time.Time) []alerts.Alert {
	var batch []alerts.Alert
	for _, event := range j.state.Resolve(reason) {
		batch = append(batch, s.report(who, event, j.describe(event.Status), now)...)
	}
	j.state = alerts.State{} // a tier that held must not hold without proof later
	return batch
}

func (s *shard) notify(now time.Time, batch []alerts.Alert) {
	if len(batch) > 0 {
		s.options.Notify(now, batch)
	}
}

// evaluate judges every instance at a tick.
func (s *shard) evaluate(now time.Time) []*Instance {
	if now.After(s.nextSweep) {
		s.tracker.Sweep(now)
		s.nextSweep = now.Add(sweepEvery)
	}
	list := s.tracker.Instances()
	out := make([]*Instance, 0, len(list))
	var batch []alerts.Alert
	for _, in := range list {
		j := s.judge(in)
		batch = append(batch, s.step(j, now)...)
		out = append(out, j.status(now))
	}
	for _, spec := range s.tracker.Idle() {
		out = append(out, &Instance{ID: spec.ID(), Spec: spec, State: StateUnknown})
	}
	batch = append(batch, s.bury(list, now)...)
	s.notify(now, batch)
	s.metrics.series.WithLabelValues(s.name).Set(float64(s.tracker.Known()))
	return slices.Clip(out)
}

// bury ends the alerts of instances that are not among the living any more.
// All living ones are judged, so there are none as long as the numbers agree.
func (s *shard) bury(living []*sli.Instance, now time.Time) []alerts.Alert {
	if len(s.judged) == len(living) {
		return nil
	}
	ids := make(map[string]bool, len(living))
	for _, in := range living {
		ids[in.ID] = true
	}
	var batch []alerts.Alert
	for id, j := range s.judged {
		if !ids[id] {
			batch = append(batch, s.retire(j, "instance_gone", now)...)
			delete(s.judged, id)
		}
	}
	return batch
}

// judge finds or makes the alert state of an instance.
func (s *shard) judge(in *sli.Instance) *judged {
	j := s.judged[in.ID]
	if j == nil {
		j = &judged{instance: in, spec: in.Spec, policy: s.policies[in.Spec.ID()]}
		s.judged[in.ID] = j
	}
	return j
}
