package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// entry is a key as it was read. Its revision is 0 while there is none.
type entry struct {
	raw      []byte
	revision int64
}

// overlay stands in the place of a document.
type overlay struct {
	Action string `json:"action"`
	// Over is the mod_revision of the document that it covers.
	Over int64 `json:"over"`
	// Expires is when it is over; nil: never.
	Expires *time.Time     `json:"expires_at,omitempty"`
	Value   actuator.Value `json:"value"`
}

// state is what there is of an object, all of one revision.
type state struct {
	object
	document, overlay, done, health entry
	epochEntry                      entry
	epoch                           int64            // 0: nobody has led yet
	nodes                           map[string]int64 // how far each is
}

// look reads all that decides about an object. ErrMissing: there is no such one.
func (a *Actuator) look(ctx context.Context, c *clientv3.Client, o object) (*state, error) {
	s, needed := &state{object: o}, entry{}
	keys := []string{a.documentKey(o), a.documentKey(o.needs()), a.overlayKey(o), a.doneKey(o), a.healthKey(o), a.epochKey()}
	entries := []*entry{&s.document, &needed, &s.overlay, &s.done, &s.health, &s.epochEntry}
	var gets []clientv3.Op
	for _, key := range keys {
		gets = append(gets, clientv3.OpGet(key))
	}
	resp, err := c.Txn(ctx).Then(append(gets, clientv3.OpGet(a.nodesKey(), clientv3.WithPrefix()))...).Commit()
	if err != nil {
		return nil, a.failed("ask", err, false)
	}
	for i, e := range entries {
		if kvs := resp.Responses[i].GetResponseRange().Kvs; len(kvs) > 0 {
			*e = entry{kvs[0].Value, kvs[0].ModRevision}
		}
	}
	if needed.revision == 0 {
		return nil, fmt.Errorf("read %s of %s: %w: there is no key %s", o.target(), a.c.Name(), actuator.ErrMissing, a.documentKey(o.needs()))
	}
	s.nodes = a.nodes(resp.Responses[len(entries)].GetResponseRange().Kvs)
	return s, a.readEpoch(s)
}

// readEpoch says what to do about an epoch that is none.
func (a *Actuator) readEpoch(s *state) (err error) {
	if s.epochEntry.revision == 0 {
		return nil
	}
	if s.epoch, err = strconv.ParseInt(string(s.epochEntry.raw), 10, 64); err != nil {
		return fmt.Errorf("read %s of %s: %w: %.50q is not a number: delete the key", a.epochKey(), a.c.Name(), actuator.ErrRefused, s.epochEntry.raw)
	}
	return nil
}

// nodes are those that report how far they are. A report that makes no sense is
// one of a node that has nothing.
func (a *Actuator) nodes(kvs []*mvccpb.KeyValue) map[string]int64 {
	nodes := map[string]int64{}
	for _, kv := range kvs {
		var report struct{ Revision int64 }
		_ = json.Unmarshal(kv.Value, &report)
		nodes[strings.TrimPrefix(string(kv.Key), a.nodesKey())] = report.Revision
	}
	return nodes
}

// covered is the overlay that is in force; nil: there is none.
func (s *state) covered(now time.Time) *overlay {
	var o overlay
	if s.overlay.revision == 0 || json.Unmarshal(s.overlay.raw, &o) != nil || o.Value == nil {
		return nil
	}
	if o.Over != s.document.revision || o.Expires != nil && !now.Before(*o.Expires) {
		return nil
	}
	return &o
}

// written is the value of the document alone.
func (s *state) written() (actuator.Value, error) {
	if s.document.revision == 0 {
		return actuator.Absent, nil
	}
	return valueOf(s.document.raw)
}

// live is what the gateway goes by.
func (s *state) live(now time.Time) (l actuator.Live, err error) {
	if l.Value, err = s.written(); err != nil {
		return l, err
	}
	if o := s.covered(now); o != nil {
		l.Owner = o.Action
		if l.Value, err = valueOf(o.Value); err != nil {
			return l, err
		}
	}
	l.Version = strconv.FormatInt(s.document.revision, 10)
	l.Unsettled = s.behind()
	l.Members = s.members(l.Value)
	return l, nil
}
