package remotewrite

import (
	"cmp"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// HAOptions say how to recognise replicas of one Prometheus: servers that
// scrape the same targets and send the same series, told apart by a label.
// Of each cluster one replica is elected and heard; the samples of the others
// are dropped, and answered as a success. A series that does not have both
// labels of a pair is taken as it is.
type HAOptions struct {
	// ClusterLabel and ReplicaLabel are the external labels of the senders.
	// The replica label is removed from what is handed on. Defaults:
	// "cluster" and "__replica__".
	ClusterLabel string
	ReplicaLabel string
	// Also lists further pairs, for senders with other labels, for example
	// "prometheus" and "prometheus_replica". The first pair of which a
	// series has both labels counts.
	Also []LabelPair
	// FailoverTimeout is how long the elected replica may be silent before
	// another one is elected. Zero: 30 s.
	FailoverTimeout time.Duration
	// Disabled takes every replica's series as they are.
	Disabled bool
}

// LabelPair names the label of the cluster and the label of the replica.
type LabelPair struct{ Cluster, Replica string }

const (
	defaultFailover = 30 * time.Second
	// maxClusters bounds what senders can make the engine remember.
	maxClusters = 10_000
)

// elections knows which replica of each cluster is heard.
type elections struct {
	pairs   []LabelPair
	timeout time.Duration
	limit   int
	roster  *roster
	silent  *silent
	metrics *metrics
	log     *slog.Logger

	mu       sync.Mutex
	clusters map[clusterKey]*elected
	swept    time.Time
}

type clusterKey struct {
	pair    int
	cluster string
}

type elected struct {
	replica string
	heard   time.Time
}

// newElections returns nil if replicas are not to be told apart.
func newElections(o HAOptions, m *metrics, log *slog.Logger) *elections {
	if o.Disabled {
		return nil
	}
	first := LabelPair{cmp.Or(o.ClusterLabel, "cluster"), cmp.Or(o.ReplicaLabel, "__replica__")}
	return &elections{
		pairs:   append([]LabelPair{first}, o.Also...),
		timeout: cmp.Or(o.FailoverTimeout, defaultFailover),
		limit:   maxClusters,
		roster:  newRoster(maxRoster),
		silent:  &silent{},
		metrics: m, log: log,
		clusters: make(map[clusterKey]*elected),
	}
}

// verdict is what becomes of one replica's samples. Zero: they are taken.
type verdict uint8

const (
	verdictElected verdict = iota
	verdictOther           // another replica of the cluster is the one heard
	verdictNoRoom          // too many clusters to remember one more
)

// hear notes that a replica sends now, and elects it if its cluster has no
// replica that was heard lately.
func (e *elections) hear(key clusterKey, replica string, now time.Time) verdict {
	v, before := e.vote(key, replica, now)
	if v == verdictElected && before != replica {
		e.metrics.elections.Inc()
		e.log.Info("Elected a replica", "cluster", key.cluster, "replica", replica, "before", before)
	}
	return v
}

// vote also returns the replica that was elected before, "" if none was.
func (e *elections) vote(key clusterKey, replica string, now time.Time) (v verdict, before string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clusters[key]
	if c == nil {
		if !e.roomLocked(now) {
			return verdictNoRoom, ""
		}
		e.clusters[key] = &elected{replica: replica, heard: now}
		return verdictElected, ""
	}
	before = c.replica
	if before != replica && now.Sub(c.heard) < e.timeout {
		return verdictOther, before
	}
	c.replica = replica
	if now.After(c.heard) { // requests may overtake each other
		c.heard = now
	}
	return verdictElected, before
}

// roomLocked makes room by forgetting clusters of which nobody is heard any
// more: their next sender would be elected anyway.
func (e *elections) roomLocked(now time.Time) bool {
	if len(e.clusters) >= e.limit && now.Sub(e.swept) >= e.timeout {
		e.swept = now
		for key, c := range e.clusters {
			if now.Sub(c.heard) >= e.timeout {
				delete(e.clusters, key)
			}
		}
	}
	return len(e.clusters) < e.limit
}

// electorate asks for verdicts on behalf of one request. It remembers the
// last one, because a request mostly comes from one replica.
type electorate struct {
	elections *elections
	now       time.Time

	last    replicaID
	number  replicaNumber
	verdict verdict
}

// hear tells whether a series is to be handed on, under which labels, and
// which replica sends it.
func (e *electorate) hear(ls labels.Labels) (labels.Labels, replicaNumber, bool, fault) {
	if e.elections == nil {
		return ls, noReplica, true, fault{}
	}
	for i, pair := range e.elections.pairs {
		id := replicaID{clusterKey{i, ls.Get(pair.Cluster)}, ls.Get(pair.Replica)}
		if id.cluster == "" || id.replica == "" {
			continue
		}
		switch e.ask(id) {
		case verdictOther:
			return ls, e.number, false, fault{}
		case verdictNoRoom:
			return ls, e.number, false, fault{sli.ReasonSeriesLimit,
				fmt.Sprintf("replicas of more than %d clusters send", e.elections.limit)}
		}
		isReplica := func(l labels.Label) bool { return l.Name == pair.Replica }
		return slices.DeleteFunc(ls, isReplica), e.number, true, fault{}
	}
	return ls, noReplica, true, fault{}
}

func (e *electorate) ask(id replicaID) verdict {
	if id != e.last {
		e.last, e.number = id, e.elections.roster.number(id)
		e.verdict = e.elections.hear(id.clusterKey, id.replica, e.now)
	}
	return e.verdict
}

// silentReplica is the replica that sends a series of which the engine was not
// told; noReplica if it is another one.
func (e *electorate) silentReplica(key sli.Key) replicaNumber {
	if e.elections == nil || key == 0 {
		return noReplica
	}
	return e.elections.silent.find(key)
}

// dropped notes that a series was read and not handed on.
func (e *electorate) dropped(key sli.Key) {
	if key != 0 && e.number != unnumbered {
		e.elections.silent.learn(key, e.number)
	}
}

// recall is the verdict on a series that is known to come from a replica.
func (e *electorate) recall(n replicaNumber) verdict {
	switch n {
	case noReplica:
		return verdictElected
	case e.number:
		return e.verdict
	}
	return e.ask(e.elections.roster.replica(n))
}
