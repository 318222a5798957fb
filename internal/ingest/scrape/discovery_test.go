package scrape

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// targetList is a server of http_sd.
type targetList struct {
	*httptest.Server
	mu      sync.Mutex
	targets []string
}

func newTargetList(t *testing.T, targets ...string) *targetList {
	l := &targetList{targets: targets}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *targetList) set(targets ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.targets = targets
}

func (l *targetList) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode([]map[string]any{{"targets": append([]string{}, l.targets...), "labels": map[string]string{"from": "http"}}})
}

func TestHTTPDiscovery(t *testing.T) {
	p := show(t, "a_total 1\n")
	list := newTargetList(t)
	r := run(t, fmt.Sprintf("- {job_name: shop, http_sd_configs: [{url: %q, refresh_interval: 50ms}]}\n", list.URL))
	list.set(p.addr())
	r.await(t, 0, fmt.Sprintf(`{__name__="a_total", from="http", instance=%q, job="shop"}`, p.addr()))
}

// Relative paths start at the configuration's folder, and a file that changes
// is read again.
func TestFileDiscovery(t *testing.T) {
	folder := t.TempDir()
	a, b := show(t, "a_total 1\n"), show(t, "b_total 1\n")
	write := func(targets string) {
		t.Helper()
		fresh := filepath.Join(folder, "fresh")
		if err := os.WriteFile(fresh, []byte(targets), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(fresh, filepath.Join(folder, "targets.yml")); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf("- targets: [%q]\n", a.addr()))
	c, problems := Parse(Source{
		List:   []byte("- {job_name: shop, file_sd_configs: [{files: [targets.yml], refresh_interval: 1s}]}\n"),
		Folder: folder, Interval: interval,
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := run(t, "")
	if err := r.Apply(c); err != nil {
		t.Fatal(err)
	}
	r.await(t, 0, at("a_total", "shop", a))
	write(fmt.Sprintf("- targets: [%q]\n", b.addr()))
	r.await(t, 0, at("b_total", "shop", b))
	r.awaitPoint(t, 0, at("a_total", "shop", a), stale)
}

// cluster answers as a Kubernetes API server does: lists, and watches that
// last.
type cluster struct {
	*httptest.Server
	end     chan struct{}
	mu      sync.Mutex
	objects map[string][]any // by path
	changes map[string]chan any
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{end: make(chan struct{}), objects: map[string][]any{}, changes: map[string]chan any{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	t.Cleanup(func() { close(c.end) }) // before: a server waits for its watches
	return c
}

// kinds are what may be asked for.
var kinds = map[string][2]string{
	"/api/v1/namespaces/shop/pods":                             {"v1", "PodList"},
	"/api/v1/namespaces/shop/services":                         {"v1", "ServiceList"},
	"/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices": {"discovery.k8s.io/v1", "EndpointSliceList"},
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	kind, ok := kinds[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("watch") == "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = json.NewEncoder(w).Encode(map[string]any{
			"apiVersion": kind[0], "kind": kind[1], "metadata": map[string]string{"resourceVersion": "1"},
			"items": append([]any{}, c.objects[r.URL.Path]...),
		})
		return
	}
	w.(http.Flusher).Flush()
	for {
		select {
		case change := <-c.watchers(r.URL.Path):
			_ = json.NewEncoder(w).Encode(change)
			w.(http.Flusher).Flush()
		case <-r.Context().Done():
			return
		case <-c.end:
			return
		}
	}
}

func (c *cluster) watchers(path string) chan any {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changes[path] == nil {
		c.changes[path] = make(chan any)
	}
	return c.changes[path]
}

// change tells who watches.
func (c *cluster) change(t *testing.T, path, what string, object any) {
	t.Helper()
	select {
	case c.watchers(path) <- map[string]any{"type": what, "object": object}:
	case <-time.After(lastly):
		t.Fatalf("nobody watches %s", path)
	}
}

func object(version, kind, name string, more map[string]any) map[string]any {
	o := map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{
		"name": name, "namespace": "shop", "uid": name, "resourceVersion": "2", "labels": map[string]string{"app": name, "kubernetes.io/service-name": "web"},
	}}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// kubernetes is a job that finds targets in a cluster. The ports of this
// machine stand for those of pods.
func kubernetes(c *cluster, role, label string) string {
	return fmt.Sprintf(`
- job_name: cluster
  kubernetes_sd_configs: [{api_server: %q, role: %s, namespaces: {names: [shop]}}]
  relabel_configs: [{source_labels: [%s], target_label: app}]
`, c.URL, role, label)
}

func TestKubernetesPods(t *testing.T) {
	const path = "/api/v1/namespaces/shop/pods"
	p := show(t, "a_total 1\n")
	c := newCluster(t)
	r := run(t, kubernetes(c, "pod", "__meta_kubernetes_pod_label_app"))
	pod := object("v1", "Pod", "web-1", map[string]any{
		"spec":   map[string]any{"containers": []any{map[string]any{"name": "web", "ports": []any{map[string]any{"containerPort": p.port(t)}}}}},
		"status": map[string]any{"podIP": "127.0.0.1", "phase": "Running"},
	})
	c.change(t, path, "ADDED", pod)
	series := fmt.Sprintf(`{__name__="a_total", app="web-1", instance=%q, job="cluster"}`, p.addr())
	r.await(t, 0, series)
	c.change(t, path, "DELETED", pod)
	r.awaitPoint(t, 0, series, stale)
}

func TestKubernetesEndpointSlices(t *testing.T) {
	p := show(t, "a_total 1\n")
	c := newCluster(t)
	c.objects["/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices"] = []any{object("discovery.k8s.io/v1", "EndpointSlice", "web-x", map[string]any{
		"addressType": "IPv4", "ports": []any{map[string]any{"name": "metrics", "port": p.port(t)}},
		"endpoints": []any{map[string]any{"addresses": []string{"127.0.0.1"}, "conditions": map[string]any{"ready": true}}},
	})}
	c.objects["/api/v1/namespaces/shop/services"] = []any{object("v1", "Service", "web", nil)}
	r := run(t, kubernetes(c, "endpointslice", "__meta_kubernetes_service_name"))
	r.await(t, 0, fmt.Sprintf(`{__name__="a_total", app="web", instance=%q, job="cluster"}`, p.addr()))
}

// A discovery that finds nobody to ask says so, and the other jobs go on.
func TestDiscoveryThatFails(t *testing.T) {
	p := show(t, "a_total 1\n")
	r := run(t, "- {job_name: lost, http_sd_configs: [{url: 'http://127.0.0.1:1/', refresh_interval: 50ms}]}\n"+
		"- {job_name: nameless, dns_sd_configs: [{names: ['slo-engine.invalid'], refresh_interval: 50ms, type: A, port: 80}]}\n"+job("shop", p, ""))
	r.await(t, 0, at("a_total", "shop", p))
	until(t, func() error {
		for _, metric := range []string{"prometheus_sd_http_failures_total", "prometheus_sd_dns_lookups_total"} {
			if r.metric(t, metric) == 0 {
				return fmt.Errorf("%s counts nothing", metric)
			}
		}
		return nil
	})
}
