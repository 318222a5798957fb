package config

import (
	"testing"
	"time"
)

// TestBackends: both kinds of servers have the same fields, and names of their
// own.
func TestBackends(t *testing.T) {
	c, _ := load(t, `
prometheus: [{url: "http://p:9090/prefix", query_delay: 45s}]
loki:
- url: http://l:3100
  basic_auth: {username: reader, password: x}
  http_headers: {X-Scope-OrgID: {values: [team-a]}}
- {name: other, url: "http://m:3100", max_queries_per_second: 0.5}
`)
	if p := c.Prometheus[0]; p.Name != "main" || p.QueryDelay != 45*time.Second || p.URL.String() != "http://p:9090/prefix" || !p.FollowRedirects {
		t.Errorf("prometheus: %+v", p)
	}
	l := c.Loki[0]
	if l.Name != "loki" || l.QueryDelay != 30*time.Second || l.BasicAuth.Username != "reader" || l.HTTPHeaders.Headers["X-Scope-OrgID"].Values[0] != "team-a" {
		t.Errorf("loki: %+v, headers %v", l, l.HTTPHeaders)
	}
	if c.Loki[1].MaxQueriesPerSecond != 0.5 {
		t.Errorf("the other: %+v", c.Loki[1])
	}
}

func TestBackendProblems(t *testing.T) {
	path, _ := write(t, "prometheus: [{url: 'http://p'}]\nloki:\n- {name: main, url: 'http://q', query_delay: 1h}\n- {url: 'http://l', query_delai: 1s}\n")
	_, err := Load(path)
	want := []string{
		path + ":3: loki[0].name: \"main\" is there twice; give each a name of its own",
		path + ":3: loki[0].query_delay: 1h is too long; write at most 10m",
		path + ":4: loki[1].query_delai: unknown field; did you mean \"query_delay\"?",
	}
	checkProblems(t, path, err)
	var got []string
	for _, p := range err.(Problems) {
		got = append(got, p.String())
	}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
}
