package engine

import (
	"maps"
	"slices"
	"time"

	"github.com/slo-engine/slo-engine/internal/sli"
	"github.com/slo-engine/slo-engine/pkg/alerts"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Core counts and judges: everything the engine decides, without a clock or a
// socket. It belongs to one goroutine and time is an argument, so a scenario
// of a month runs in a moment. Engine makes a service of it. Many instances
// are judged by several goroutines, which Evaluate waits for.
//
// One owner is on purpose: a known sample costs about a tenth of a
// microsecond, less than its bytes cost to decode, and decoding is done by
// whoever calls. With several owners, each would have to know every sibling of
// a series, for what is born among them is decided by all of a target's series
// together.
type Core struct {
	options Options
	metrics *metrics

	book     *sli.Book
	tracker  *sli.Tracker
	problems []slo.Problem
	programs []*sli.Program
	policies map[string]*policy // by spec id
	turns    time.Time          // when some SLO's objective changes next; zero: never
	looks    time.Time          // when instances look ahead next
	// judged are the instances with their alert states, by id.
	judged map[string]*judged
	// line is what a snapshot lists, by id; it is drawn up anew when roster is
	// not the tracker's any more.
	line      []entry
	roster    uint64
	nextSweep time.Time

	// since is the time of the first evaluation, or of the first one after the
	// machine slept: what was slept through is nobody's silence. evaluated is
	// that of the last one.
	since, evaluated time.Time
	// absent are the alerts from before a restart whose instances have not come
	// back yet, by instance id.
	absent map[string]*absent
	// changed and fresh are alert states to write down: those up to the last
	// evaluation, and those since.
	changed, fresh []AlertRecord
	scratch        []byte // the last record
}

// sweepEvery is how often a core forgets what has been silent for long.
const sweepEvery = 10 * time.Minute

// NewCore returns a core without SLOs. Of the options it does not use Tick,
// QueueLength and Now.
func NewCore(o Options) *Core { return newCore(o.withDefaults()) }

func newCore(o Options) *Core {
	c := &Core{options: o, metrics: newMetrics(o.Registerer), book: sli.NewBook(o.MaxSeries)}
	c.reset()
	return c
}

// reset begins from nothing.
func (c *Core) reset() {
	*c = Core{
		options: c.options, metrics: c.metrics, book: c.book,
		tracker: sli.NewTracker(sli.Options{
			Lateness: c.options.Lateness, Remember: c.options.Remember, MaxSeries: c.options.MaxSeries, Book: c.book,
		}),
		policies: map[string]*policy{},
		judged:   map[string]*judged{},
		absent:   map[string]*absent{},
	}
}

// Book is where receivers look up the series that are known.
func (c *Core) Book() *sli.Book { return c.book }

// Ingest counts a batch that arrived at a wall time.
func (c *Core) Ingest(batch *sli.Batch, now time.Time) sli.Receipt {
	var receipt sli.Receipt
	points := c.tracker.Ingest(batch, now, &receipt)
	return c.accept(receipt, points)
}

// accept completes a receipt for so many points.
func (c *Core) accept(receipt sli.Receipt, points int) sli.Receipt {
	receipt.Accepted = points
	for _, r := range receipt.Rejections {
		receipt.Accepted -= r.Points
		c.metrics.rejected.WithLabelValues(string(r.Reason)).Add(float64(r.Points))
	}
	c.metrics.accepted.Add(float64(receipt.Accepted))
	return receipt
}

// promise makes the policies for the objectives that hold now.
func (c *Core) promise(now time.Time) {
	inForce := make([]*sli.Program, len(c.programs))
	c.turns = time.Time{}
	for i, p := range c.programs {
		inForce[i] = p
		for _, e := range p.Spec.Earlier {
			if now.After(e.Until) {
				continue
			}
			spec := *p.Spec
			spec.Objective = e.Objective
			inForce[i] = &sli.Program{Spec: &spec}
			if c.turns.IsZero() || e.Until.Before(c.turns) {
				c.turns = e.Until
			}
			break
		}
	}
	c.policies = policiesOf(inForce)
}

// turn goes over to the next objective of an SLO when its time has come.
func (c *Core) turn(now time.Time) {
	if c.turns.IsZero() || !now.After(c.turns) {
		return
	}
	c.promise(now)
	for _, j := range c.judged {
		j.follow(c.policies[j.instance.Spec.ID()])
	}
	c.line = nil // which shows specs
}

// Load takes over a new set of programs and the problems to show. SLOs whose
// events are defined as before keep what was counted; alerts of those that
// are gone resolve.
func (c *Core) Load(programs []*sli.Program, problems []slo.Problem, now time.Time) {
	c.problems = slices.Clone(problems)
	c.tracker.Replace(programs, now)
	c.programs = programs
	c.promise(now)
	c.looks = time.Time{} // some may be others
	instances := map[string]*sli.Instance{}
	for _, in := range c.tracker.Instances() {
		instances[in.ID] = in
	}
	var batch []alerts.Alert
	for _, id := range slices.Sorted(maps.Keys(c.judged)) {
		j := c.judged[id]
		if instances[id] == j.instance {
			batch = append(batch, c.adopt(j, now)...)
			continue
		}
		batch = append(batch, c.retire(j, "slo_removed", now)...)
		delete(c.judged, id)
	}
	c.notify(now, batch)
}

// adopt gives an instance its spec's new policy and labels. Alerts whose
// labels changed end under the old ones and go on under the new ones, in one
// send.
func (c *Core) adopt(j *judged, now time.Time) []alerts.Alert {
	before, ended := j.subject(c.options.Link), c.render(j, nil)
	j.follow(c.policies[j.instance.Spec.ID()])
	if j.spec.Alerting.Disabled {
		return c.retireAs(before, j, "alerting_disabled", now)
	}
	var batch []alerts.Alert
	for i, renewed := range c.render(j, nil) {
		if old := ended[i]; !maps.Equal(old.Labels, renewed.Labels) {
			old.ResolvedAt = now
			batch = append(batch, old, renewed)
			j.refreshed = time.Time{} // the next tick adds what is not known here
		}
	}
	return batch
}

// retire ends every alert of an instance.
func (c *Core) retire(j *judged, reason string, now time.Time) []alerts.Alert {
	return c.retireAs(j.subject(c.options.Link), j, reason, now)
}

func (c *Core) retireAs(who alerts.Subject, j *judged, reason string, now time.Time) []alerts.Alert {
	var batch []alerts.Alert
	for _, event := range j.state.Resolve(reason) {
		batch = append(batch, c.report(who, event, j.describe(event.Status), now)...)
	}
	j.firing, j.holding = nil, nil
	c.note(j)
	return batch
}

func (c *Core) notify(now time.Time, batch []alerts.Alert) {
	if len(batch) > 0 {
		c.options.Notify(now, batch)
	}
}
