package remotewrite

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// pairTest sends requests of replicas at times of its own clock.
type pairTest struct {
	*testing.T
	now      time.Time
	sink     sink
	registry *prometheus.Registry
	handler  *Handler
}

func newPairTest(t *testing.T, o HAOptions) *pairTest {
	p := &pairTest{T: t, now: time.Unix(1000, 0), registry: prometheus.NewRegistry()}
	p.handler = New(Options{Sink: &p.sink, HA: o, Registerer: p.registry, Now: func() time.Time { return p.now }})
	return p
}

// send returns the answer's code and what reached the sink, in both versions:
// an election must not depend on it.
func (p *pairTest) send(series ...sent) (code int, handed []string) {
	p.Helper()
	for _, v := range versions {
		p.sink.batches = nil
		handed = nil
		code = post(p.handler, v, encode(p, v, series...)).Code
		for _, s := range p.sink.series() {
			handed = append(handed, s.Labels.String())
		}
	}
	return code, handed
}

func replica(cluster, name string) sent { return up("cluster", cluster, "__replica__", name) }

func (p *pairTest) wantTaken(cluster, name string) {
	p.Helper()
	code, handed := p.send(replica(cluster, name))
	want := []string{fmt.Sprintf(`{__name__="up", cluster=%q, instance="b", job="a"}`, cluster)}
	if code != 204 || !cmp.Equal(want, handed) {
		p.Errorf("%s of %s: code %d, handed on %q; want %q", name, cluster, code, handed, want)
	}
}

func (p *pairTest) wantDropped(cluster, name string) {
	p.Helper()
	if code, handed := p.send(replica(cluster, name)); code != 202 || handed != nil {
		p.Errorf("%s of %s: code %d, handed on %q; want 202 and nothing", name, cluster, code, handed)
	}
}

func (p *pairTest) wantMetric(name string, want string) {
	p.Helper()
	got := "0"
	families, err := p.registry.Gather()
	if err != nil {
		p.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			got = fmt.Sprint(f.GetMetric()[0].GetCounter().GetValue())
		}
	}
	if got != want {
		p.Errorf("%s = %s, want %s", name, got, want)
	}
}

func TestElection(t *testing.T) {
	p := newPairTest(t, HAOptions{})
	p.wantTaken("eu", "a")
	p.wantDropped("eu", "b")
	p.wantTaken("us", "b") // another cluster has its own election

	p.now = p.now.Add(29 * time.Second)
	p.wantDropped("eu", "b")
	p.wantTaken("eu", "a") // heard again: the timeout starts anew
	p.now = p.now.Add(29 * time.Second)
	p.wantDropped("eu", "b")
	p.wantMetric("slo_engine_ha_elections_total", "2")

	p.now = p.now.Add(time.Second)
	p.wantTaken("eu", "b") // failover
	p.wantDropped("eu", "a")
	p.wantMetric("slo_engine_ha_elections_total", "3")
	p.wantMetric("slo_engine_ha_deduplicated_points_total", "8") // four times, in two versions
}

func TestClockGoingBackDoesNotFailOver(t *testing.T) {
	p := newPairTest(t, HAOptions{FailoverTimeout: 10 * time.Second})
	p.wantTaken("eu", "a")
	p.now = p.now.Add(-5 * time.Second)
	p.wantTaken("eu", "a")
	p.now = p.now.Add(14 * time.Second)
	p.wantDropped("eu", "b")
	p.now = p.now.Add(time.Second)
	p.wantTaken("eu", "b")
}

func TestSeriesWithoutBothLabelsAreTakenAsTheyAre(t *testing.T) {
	p := newPairTest(t, HAOptions{})
	p.wantTaken("eu", "a")
	code, handed := p.send(up("cluster", "eu"), up("__replica__", "b"), up("cluster", "", "__replica__", "b"), replica("eu", "b"))
	want := []string{
		`{__name__="up", cluster="eu", instance="b", job="a"}`,
		`{__name__="up", __replica__="b", instance="b", job="a"}`,
		`{__name__="up", __replica__="b", instance="b", job="a"}`,
	}
	if code != 204 || !cmp.Equal(want, handed) {
		t.Errorf("code %d, handed on %q, want %q", code, handed, want)
	}
}

func TestOtherLabels(t *testing.T) {
	p := newPairTest(t, HAOptions{
		ClusterLabel: "c", ReplicaLabel: "r",
		Also: []LabelPair{{"prometheus", "prometheus_replica"}},
	})
	for _, step := range []struct {
		series sent
		code   int
		handed []string
	}{
		{up("c", "x", "r", "0"), 204, []string{`{__name__="up", c="x", instance="b", job="a"}`}},
		{up("c", "x", "r", "1"), 202, nil},
		// The same cluster name under other labels is another cluster.
		{up("prometheus", "x", "prometheus_replica", "1"), 204, []string{`{__name__="up", instance="b", job="a", prometheus="x"}`}},
		{up("prometheus", "x", "prometheus_replica", "0"), 202, nil},
		{replica("eu", "a"), 204, []string{`{__name__="up", __replica__="a", cluster="eu", instance="b", job="a"}`}},
	} {
		if code, handed := p.send(step.series); code != step.code || !cmp.Equal(step.handed, handed) {
			t.Errorf("%v: code %d, handed on %q", step.series.labels, code, handed)
		}
	}
}

func TestElectionsDisabled(t *testing.T) {
	p := newPairTest(t, HAOptions{Disabled: true})
	for _, name := range []string{"a", "b"} {
		code, handed := p.send(replica("eu", name))
		if code != 204 || len(handed) != 1 || !strings.Contains(handed[0], `__replica__="`+name) {
			t.Errorf("code %d, handed on %q", code, handed)
		}
	}
}

// TestDroppedIsNotLost: a success that wrote nothing is an error to
// Prometheus, and these samples are kept, only from another sender.
func TestDroppedIsNotLost(t *testing.T) {
	p := newPairTest(t, HAOptions{})
	p.wantTaken("eu", "a")
	w := post(p.handler, version2, encode2(t, replica("eu", "b")))
	wantCode(t, w, 202)
	if got := w.Header().Get("X-Prometheus-Remote-Write-Samples-Written"); got != "1" {
		t.Errorf("samples written = %q, want 1", got)
	}
}

func TestClustersAreBounded(t *testing.T) {
	p := newPairTest(t, HAOptions{})
	p.handler.ha.limit = 2
	p.wantTaken("one", "a")
	p.wantTaken("two", "a")
	w := post(p.handler, version1, encode1(t, replica("three", "a"), up()))
	wantCode(t, w, 400)
	wantText(t, w, "series_limit", "more than 2 clusters", "1 sample was taken")

	p.now = p.now.Add(20 * time.Second)
	p.wantTaken("two", "a")
	p.now = p.now.Add(20 * time.Second)
	p.wantTaken("three", "a") // "one" is silent and makes room
	p.wantDropped("two", "b")
	if got := len(p.handler.ha.clusters); got != 2 {
		t.Errorf("%d clusters are remembered", got)
	}
}

func TestElectionMetricIsRegistered(t *testing.T) {
	p := newPairTest(t, HAOptions{})
	if n, err := testutil.GatherAndCount(p.registry, "slo_engine_ha_elections_total"); n != 1 || err != nil {
		t.Errorf("%d series, %v", n, err)
	}
}
