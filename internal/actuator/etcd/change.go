package etcd

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// change is one transaction.
type change struct {
	compares []compare
	puts     []put
	key      string // of the overlay
	text     string // of the overlay; empty: it is deleted
	seconds  int64  // of its lease; 0: it has none
}

// compare wants a key as it was read.
type compare struct {
	key      string
	revision int64 // 0: there must be none; -1: not known yet, in a plan
}

type put struct{ key, text string }

// changeTo leads an object to a value: by an overlay, or to what the document
// says by none.
func (a *Actuator) changeTo(s *state, w actuator.Write) (ch change, err error) {
	ch = change{key: a.overlayKey(s.object), compares: []compare{
		{a.documentKey(s.object), s.document.revision}, {a.overlayKey(s.object), s.overlay.revision}, {a.epochKey(), s.epochEntry.revision},
	}}
	written, err := s.written()
	if err != nil {
		return ch, err
	}
	if !actuator.Same(w.To, written) {
		if err := s.sound(w.To); err != nil {
			return ch, fmt.Errorf("write %s: %w", s.target(), err)
		}
		if err := ch.lay(overlay{Action: w.Action, Over: s.document.revision, Value: w.To}, w.Until, a.now()); err != nil {
			return ch, err
		}
	}
	done, err := actuator.Canonical(map[string]any{"action": w.Action, "value": w.To})
	ch.puts = []put{{a.doneKey(s.object), string(done)}}
	if w.Epoch > s.epoch {
		ch.puts = append(ch.puts, put{a.epochKey(), strconv.FormatInt(w.Epoch, 10)})
	}
	return ch, err
}

// lay makes it a change that lays an overlay.
func (ch *change) lay(o overlay, until, now time.Time) error {
	o.Expires, ch.seconds = nil, 0
	if !until.IsZero() {
		left := until.Sub(now)
		if left <= 0 {
			return fmt.Errorf("write %s: %w: it would have ended %s ago", ch.key, actuator.ErrRefused, -left)
		}
		until = until.UTC()
		o.Expires, ch.seconds = &until, int64(math.Ceil(left.Seconds()))
	}
	text, err := json.Marshal(o)
	ch.text = string(text)
	return err
}

// requests are the change as people read it, in etcdctl's words.
func (ch change) requests() (list []actuator.Request) {
	if ch.seconds > 0 {
		list = append(list, actuator.Request{Line: fmt.Sprintf("lease grant %d", ch.seconds)})
	}
	r, body := actuator.Request{}, []string{}
	for _, c := range ch.compares {
		revision := strconv.FormatInt(c.revision, 10)
		if c.revision < 0 {
			revision = "as it was written"
		}
		r.Headers = append(r.Headers, fmt.Sprintf("mod(%q) = %q", c.key, revision))
	}
	r.Line = "txn del " + ch.key
	body = append(body, "del "+ch.key)
	if ch.text != "" {
		r.Line, body[0] = "txn put "+ch.key, "put "+ch.key+" "+ch.text
	}
	for _, p := range ch.puts {
		body = append(body, "put "+p.key+" "+p.text)
	}
	r.Body = strings.Join(body, "\n")
	return append(list, r)
}

// commit makes the change, unless a key is not as it was read. A lease that
// nothing holds then ends by itself.
func (a *Actuator) commit(ctx context.Context, c *clientv3.Client, ch change) (won bool, revision int64, err error) {
	lease := clientv3.NoLease
	if ch.seconds > 0 {
		granted, err := c.Grant(ctx, ch.seconds)
		if err != nil {
			return false, 0, a.failed("get a lease of", err, false)
		}
		lease = granted.ID
	}
	resp, err := c.Txn(ctx).If(ch.conditions()...).Then(ch.operations(lease)...).Commit()
	if err != nil {
		return false, 0, a.failed("tell", err, true)
	}
	return resp.Succeeded, resp.Header.Revision, nil
}

func (ch change) conditions() (list []clientv3.Cmp) {
	for _, c := range ch.compares {
		list = append(list, clientv3.Compare(clientv3.ModRevision(c.key), "=", c.revision))
	}
	return list
}

func (ch change) operations(lease clientv3.LeaseID) (list []clientv3.Op) {
	if ch.text == "" {
		list = append(list, clientv3.OpDelete(ch.key))
	} else {
		list = append(list, clientv3.OpPut(ch.key, ch.text, clientv3.WithLease(lease)))
	}
	for _, p := range ch.puts {
		list = append(list, clientv3.OpPut(p.key, p.text))
	}
	return list
}
