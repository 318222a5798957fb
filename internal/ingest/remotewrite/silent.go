package remotewrite

import (
	"sync/atomic"

	"github.com/slo-engine/slo-engine/internal/sli"
)

// silent remembers series of replicas that are not heard. The engine is never
// told of them, so no book has them; and without this, every other request of
// a Prometheus pair would be read label by label to be dropped.
//
// It is a cache of a fixed size: a series may push out another one, which is
// then read again. It takes its memory when the first replica is silent.
type silent struct {
	slots atomic.Pointer[[1 << silentBits]atomic.Uint64]
}

// silentBits are the bits of a key that say where it is kept; its slot holds
// the others, and in place of these the replica. So nothing of a key is lost.
const silentBits = 20

const silentMask = 1<<silentBits - 1

// learn keeps a key of a series that a replica sends.
func (s *silent) learn(key sli.Key, from replicaNumber) {
	slots := s.slots.Load()
	if slots == nil {
		s.slots.CompareAndSwap(nil, new([1 << silentBits]atomic.Uint64))
		slots = s.slots.Load()
	}
	slots[key&silentMask].Store(uint64(key)&^silentMask | uint64(from))
}

// find returns the replica that sends a series; noReplica if it is not known.
func (s *silent) find(key sli.Key) replicaNumber {
	slots := s.slots.Load()
	if slots == nil {
		return noReplica
	}
	word := slots[key&silentMask].Load()
	if word&^silentMask != uint64(key)&^silentMask {
		return noReplica
	}
	return replicaNumber(word & silentMask)
}
