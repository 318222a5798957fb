package remotewrite

import "sync"

// replicaID names one replica of a cluster.
type replicaID struct {
	clusterKey
	replica string
}

// replicaNumber stands for a replica: small enough to be kept with every
// series that is known.
type replicaNumber uint32

const (
	noReplica  replicaNumber = 0         // a series that no replica pair sends
	unnumbered replicaNumber = 1<<30 - 1 // a replica for which the roster has no room
	maxRoster                = 1 << 16   // bounds what senders can make the engine remember
)

// roster numbers replicas. What has a number keeps it for ever, because nobody
// knows how long series are remembered under it.
type roster struct {
	limit int

	mu       sync.Mutex
	numbers  map[replicaID]replicaNumber
	replicas []replicaID // from number 1 on
}

func newRoster(limit int) *roster {
	return &roster{limit: limit, numbers: map[replicaID]replicaNumber{}}
}

// number is the number of a replica. Without room for one more, its series
// are not learnt: they are read each time.
func (r *roster) number(id replicaID) replicaNumber {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, ok := r.numbers[id]
	switch {
	case ok:
		return n
	case len(r.replicas) >= r.limit:
		return unnumbered
	}
	r.replicas = append(r.replicas, id)
	n = replicaNumber(len(r.replicas))
	r.numbers[id] = n
	return n
}

// replica is the replica that has a number.
func (r *roster) replica(n replicaNumber) replicaID {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replicas[n-1]
}
