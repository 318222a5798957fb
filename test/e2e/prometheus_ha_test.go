package e2e

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/test/lab"
)

// heard reports whether the engine counts the samples of this replica now:
// its newest one was taken when the replica took one.
func (w *watcher) heard(ctx context.Context) (bool, error) {
	d, err := w.engine.SLO(ctx, "scraped:availability")
	if err != nil {
		return false, err
	}
	streams, err := stored(ctx, w.Prometheus, `requests_total{job="shop"}`)
	last := model.TimeFromUnixNano(d.LastSample.UnixNano())
	for _, s := range streams {
		if slices.ContainsFunc(s.Values, func(v model.SamplePair) bool { return v.Timestamp == last }) {
			return true, nil
		}
	}
	return false, err
}

// TestReplicasCountOnce has two replicas of one Prometheus send the same
// series. They scrape at different moments, so their samples interleave; only
// one's may count. When it dies the other goes on where it stopped.
func TestReplicasCountOnce(t *testing.T) {
	s := &story{t: t, target: startTarget(t)}
	r := start(t, settings{SLOs: scrapedSLOs(), Config: "ha: {failover_timeout: 5s}\n"})
	t.Parallel()
	elected := watch(t, s.target, r, version2, "cluster: a, __replica__: p1")
	other := watch(t, s.target, r, version2, "cluster: a, __replica__: p2")
	s.watchers = []*watcher{elected, other}
	s.settle()
	isFirst, err := elected.heard(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !isFirst {
		elected, other = other, elected
	}
	s.watchers = []*watcher{elected}
	s.poke()
	s.settle()
	stop := s.target.drive()
	s.pass(8 * time.Second)
	s.target.widen("/late", "503")
	s.settle()
	s.pass(8 * time.Second)
	elected.compareAll(t) // as if there were no other

	elected.Kill() // in the middle of the traffic
	s.watchers = []*watcher{other}
	s.target.widen("/gap", "502")
	lab.Eventually(t, arrival, func() error {
		heard, err := other.heard(t.Context())
		if err == nil && !heard {
			err = errors.New("the replica that lives is not heard")
		}
		return err
	})
	s.gap(4 * time.Second)
	stop()
	s.settle()
	other.compareDriven(t, s.target)
}
