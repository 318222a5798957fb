package traefik

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// The keys of an overlay are below Traefik's root, one folder for each section;
// the record of it, and the epoch, are where Traefik does not look.
func (s *etcdStore) folder(kind, name string) string {
	return s.c.root() + "/http/" + kind + "/" + name + "-"
}
func (s *etcdStore) record(name string) string {
	return "slo-engine/" + s.c.root() + "/overlays/" + name
}
func (s *etcdStore) epoch() string { return "slo-engine/" + s.c.root() + "/epoch" }

// epochText is an epoch whose texts compare as the numbers do.
func epochText(n int64) string { return fmt.Sprintf("%020d", n) }

// record is what is kept of an overlay beside its keys.
type record struct {
	Action  string          `json:"action"`
	Overlay json.RawMessage `json:"overlay"`
}

var kinds = []string{routers, services, middlewares}

// read looks at all keys at one revision.
func (s *etcdStore) read(ctx context.Context, name string) (k kept, err error) {
	err = s.call(ctx, func(ctx context.Context, client *clientv3.Client) error {
		k, err = s.readWith(ctx, client, name)
		return err
	})
	return k, err
}

func (s *etcdStore) readWith(ctx context.Context, client *clientv3.Client, name string) (k kept, err error) {
	ops := []clientv3.Op{clientv3.OpGet(s.record(name)), clientv3.OpGet(s.epoch())}
	for _, kind := range kinds {
		ops = append(ops, clientv3.OpGet(s.folder(kind, name), clientv3.WithPrefix()))
	}
	got, err := client.Txn(ctx).Then(ops...).Commit()
	if err != nil {
		return k, refusedOr(actuator.ErrUnavailable, "ask etcd", err)
	}
	k = kept{value: actuator.Absent, revision: got.Header.Revision, keys: map[string]int64{}}
	var r record
	live := map[string]string{}
	for i, one := range got.Responses {
		for _, kv := range one.GetResponseRange().Kvs {
			switch i {
			case 0:
				k.record, k.lease = kv.ModRevision, kv.Lease
				_ = json.Unmarshal(kv.Value, &r) // what is no record fits no keys
			case 1:
				k.epoch = string(kv.Value)
			default:
				k.keys[string(kv.Key)], live[string(kv.Key)] = kv.ModRevision, string(kv.Value)
			}
		}
	}
	if len(live) == 0 {
		return k, nil
	}
	return s.understand(k, r, name, live)
}

// understand is the overlay whose keys are live. What somebody has made something
// else of is the keys.
func (s *etcdStore) understand(k kept, r record, name string, live map[string]string) (kept, error) {
	k.owner, k.value = r.Action, r.Overlay
	o, err := parse(r.Overlay, name)
	if err == nil && o != nil && maps.Equal(s.flat(o), live) {
		return k, nil
	}
	k.value, err = actuator.Canonical(map[string]any{"keys": live})
	return k, err
}

// flat are the keys of an overlay and their values.
func (s *etcdStore) flat(o *overlay) map[string]string {
	keys := map[string]string{}
	for kind, some := range o.sections() {
		for name, one := range some {
			flatten(keys, s.c.root()+"/http/"+kind+"/"+name, one)
		}
	}
	return keys
}

// flatten spells a value as Traefik reads keys.
func flatten(keys map[string]string, at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			flatten(keys, at+"/"+name, one)
		}
		if len(v) == 0 {
			keys[at] = "true"
		}
	case []any:
		for i, one := range v {
			flatten(keys, at+"/"+strconv.Itoa(i), one)
		}
	case nil:
	default:
		keys[at] = fmt.Sprint(v)
	}
}
