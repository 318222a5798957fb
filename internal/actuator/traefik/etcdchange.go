package traefik

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/slo-engine/slo-engine/internal/actuator"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// transaction is a change as etcd is told it.
type transaction struct {
	compares []clientv3.Cmp
	ops      []clientv3.Op
	request  actuator.Request
}

// most is how many compares and how many operations etcd takes in one
// transaction, if nothing else is said.
const most = 128

// prepare compares all that was seen: that nothing was added, changed or removed,
// and that nobody leads who came later.
func (s *etcdStore) prepare(c change, lease clientv3.LeaseID) (t transaction, err error) {
	o, err := parse(c.to, c.name)
	if err != nil {
		return t, err
	}
	var wanted map[string]string
	if o != nil {
		wanted = s.flat(o)
	}
	s.compare(&t, c)
	for _, k := range slices.Sorted(maps.Keys(c.from.keys)) {
		if _, stays := wanted[k]; !stays {
			t.delete(k)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(wanted)) {
		t.put(k, wanted[k], lease)
	}
	if o == nil {
		t.delete(s.record(c.name))
	} else if err := t.putJSON(s.record(c.name), record{c.action, c.to}, lease); err != nil {
		return t, err
	}
	if c.from.epoch < epochText(c.epoch) {
		t.put(s.epoch(), epochText(c.epoch), 0)
	}
	if len(t.ops) > most || len(t.compares) > most {
		err = fmt.Errorf("write overlay: %w: it has %d keys, more than etcd takes in one transaction", actuator.ErrUnsupported, len(t.ops))
	}
	t.request.Line = "etcd transaction at " + strings.Join(s.c.Endpoints, ",")
	return t, err
}

// compare adds what must still be so.
func (s *etcdStore) compare(t *transaction, c change) {
	folders := []string{}
	for _, kind := range kinds {
		folders = append(folders, s.folder(kind, c.name))
	}
	if name, provider, _ := strings.Cut(c.base, "@"); provider == s.provider() {
		folders = append(folders, s.c.root()+"/http/services/"+name+"/")
	}
	for _, folder := range folders {
		t.must(clientv3.Compare(clientv3.ModRevision(folder).WithPrefix(), "<", c.from.revision+1), "revisions of %s* <= %d", folder, c.from.revision)
	}
	for _, k := range slices.Sorted(maps.Keys(c.from.keys)) {
		t.must(clientv3.Compare(clientv3.ModRevision(k), "=", c.from.keys[k]), "revision of %s = %d", k, c.from.keys[k])
	}
	t.must(clientv3.Compare(clientv3.ModRevision(s.record(c.name)), "=", c.from.record), "revision of %s = %d", s.record(c.name), c.from.record)
	if c.from.epoch == "" {
		t.must(clientv3.Compare(clientv3.CreateRevision(s.epoch()), "=", 0), "no %s", s.epoch())
		return
	}
	t.must(clientv3.Compare(clientv3.Value(s.epoch()), "<", epochText(min(c.epoch, math.MaxInt64-1)+1)), "%s <= %d", s.epoch(), c.epoch)
}

func (t *transaction) must(compare clientv3.Cmp, format string, args ...any) {
	t.compares = append(t.compares, compare)
	t.request.Headers = append(t.request.Headers, "If: "+fmt.Sprintf(format, args...))
}

func (t *transaction) put(k, value string, lease clientv3.LeaseID) {
	t.ops = append(t.ops, clientv3.OpPut(k, value, clientv3.WithLease(lease)))
	t.request.Body += "put " + k + " " + value + "\n"
}

func (t *transaction) putJSON(k string, v any, lease clientv3.LeaseID) error {
	text, err := actuator.Canonical(v)
	t.put(k, string(text), lease)
	return err
}

func (t *transaction) delete(k string) {
	t.ops = append(t.ops, clientv3.OpDelete(k))
	t.request.Body += "delete " + k + "\n"
}
