package traefik_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slo-engine/slo-engine/test/lab"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// newEtcd is a real etcd, and a node that shows at once what is in it: for what
// does not need a Traefik.
func newEtcd(t testing.TB) *etcdWorld {
	t.Helper()
	w := &etcdWorld{etcd: lab.StartEtcd(t)}
	var err error
	if w.person, err = clientv3.New(clientv3.Config{Endpoints: []string{w.etcd.URL}, Logger: zap.NewNop()}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.person.Close() })
	node := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		got, err := w.person.Get(r.Context(), "traefik/http/", clientv3.WithPrefix())
		if err != nil {
			got = &clientv3.GetResponse{}
		}
		keys := map[string]string{}
		for _, kv := range got.Kvs {
			keys[strings.TrimPrefix(string(kv.Key), "traefik/http/")] = string(kv.Value)
		}
		show(rw, r, tree(keys))
	}))
	t.Cleanup(node.Close)
	w.world = &world{
		t: t, Traefik: &lab.Traefik{API: node.URL}, v: map[string]string{"v1": "http://a", "v2": "http://b", "v3": "http://c"},
		client: &http.Client{Timeout: within, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	w.reset(t)
	return w
}

// tree has keys below each other, lists where they are numbers, and numbers where
// values are.
func tree(keys map[string]string) any {
	if value, leaf := keys[""]; leaf {
		if n, err := strconv.Atoi(value); err == nil {
			return n
		}
		return value
	}
	below := map[string]map[string]string{}
	for key, value := range keys {
		name, rest, _ := strings.Cut(key, "/")
		if below[name] == nil {
			below[name] = map[string]string{}
		}
		below[name][rest] = value
	}
	list, all := []any{}, map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		all[name] = tree(below[name])
		list = append(list, all[name])
	}
	if _, numbered := below["0"]; numbered {
		return list
	}
	return all
}

// show answers for a list, or for one of it.
func show(w http.ResponseWriter, r *http.Request, all any) {
	kind, name, one := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/http/"), "/")
	sections, _ := all.(map[string]any)
	section, _ := sections[kind].(map[string]any)
	list := []any{}
	for n, o := range section {
		o, ok := o.(map[string]any)
		if !ok {
			continue
		}
		o["name"], o["provider"], o["status"] = n+"@etcd", "etcd", "enabled"
		switch {
		case one && o["name"] == name:
			_ = json.NewEncoder(w).Encode(o)
			return
		case strings.Contains(n+"@etcd", r.URL.Query().Get("search")):
			list = append(list, o)
		}
	}
	if one {
		http.Error(w, `{"message":"service not found: `+name+`"}`, http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(list)
}
