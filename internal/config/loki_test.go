package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	promconfig "github.com/prometheus/common/config"
)

func TestLoki(t *testing.T) {
	if c, _ := load(t, "notify: {}"); c.Notify.Loki != nil {
		t.Errorf("a Loki that nobody named: %v", c.Notify.Loki)
	}
	c, folder := load(t, "notify: {loki: {url: 'http://loki:3100/prefix'}}")
	want := Loki{
		BatchWait: time.Second, BatchSize: 1 << 20, Timeout: 5 * time.Second,
		HTTPClientConfig: promconfig.DefaultHTTPClientConfig,
	}
	bare := *c.Notify.Loki
	if bare.URL = (URL{}); c.Notify.Loki.String() != "http://loki:3100/prefix" {
		t.Errorf("url %s", c.Notify.Loki)
	}
	if want.SetDirectory(folder); !reflect.DeepEqual(want, bare) {
		t.Errorf("defaults %+v, want %+v", bare, want)
	}
	c, folder = load(t, `
notify:
  loki:
    url: https://me:hush@loki
    tenant_id: shop
    labels: {env: prod, job: slo}
    batch_wait: 10ms
    batch_size: 2048
    timeout: 3s
    basic_auth: {username: me, password: hush}
    tls_config: {ca_file: ca.pem}
`)
	l := c.Notify.Loki
	if l.TenantID != "shop" || l.BatchWait != 10*time.Millisecond || l.BatchSize != 2048 || l.Timeout != 3*time.Second ||
		!cmp.Equal(l.Labels, map[string]string{"env": "prod", "job": "slo"}) || l.TLSConfig.CAFile != folder+"/ca.pem" {
		t.Errorf("got %+v", l)
	}
	if text := c.String(); strings.Contains(text, "hush") || !strings.Contains(text, "tenant_id: shop") {
		t.Errorf("printed:\n%s", text)
	}
}
