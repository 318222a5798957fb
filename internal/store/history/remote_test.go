package history

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/test/lab"
)

func parsed(t *testing.T, list string) RemoteWrite {
	t.Helper()
	r, err := ParseRemoteWrite([]byte(list), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Remote write sends what is newer than itself, so the samples are a little
// ahead of the clock, as far as a receiver allows.
func TestSamplesReachAPrometheus(t *testing.T) {
	receiver := lab.StartPrometheus(t, lab.PrometheusOptions{})
	s := opened(t, t.TempDir(), Options{})
	if err := s.SendTo(parsed(t, `
- url: `+receiver.URL+`/api/v1/write
  name: receiver
  write_relabel_configs: [{target_label: engine, replacement: one}]
`)); err != nil {
		t.Fatal(err)
	}
	start := time.Now().Truncate(time.Second).Add(5 * time.Second)
	for i := range 6 {
		appended(t, s, start.Add(time.Duration(i)*time.Minute), "# TYPE events_total counter\nevents_total{slo=\"a\"} "+string(rune('0'+i))+"\nup{slo=\"b\"} 1\n")
	}
	appended(t, s, start.Add(6*time.Minute), "# TYPE events_total counter\nevents_total{slo=\"a\"} 6\n") // up ends
	lab.Eventually(t, time.Minute, func() error {
		found, err := receiver.QueryRangeSamples(t.Context(), `events_total{engine="one"}`, time.Hour, start.Add(7*time.Minute))
		if err != nil {
			return err
		}
		if len(found) != 1 || len(found[0].Values) != 7 || found[0].Values[6].Value != 6 {
			return fmt.Errorf("there are %v, want seven samples", found)
		}
		return nil
	})
	left, err := receiver.Query(t.Context(), `{engine="one"}`, start.Add(6*time.Minute))
	if err != nil || len(left) != 1 {
		t.Errorf("after the end of one series there are %v, %v; want one", left, err)
	}
}

func TestAReceiverThatIsAwayGetsWhatItMissed(t *testing.T) {
	gate := make(chan struct{})
	receiver := lab.StartPrometheus(t, lab.PrometheusOptions{})
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-gate:
			http.Redirect(w, r, receiver.URL+"/api/v1/write", http.StatusPermanentRedirect)
		default:
			http.Error(w, "away", http.StatusServiceUnavailable)
		}
	}))
	defer door.Close()
	s := opened(t, t.TempDir(), Options{})
	if err := s.SendTo(parsed(t, "- url: "+door.URL)); err != nil {
		t.Fatal(err)
	}
	start := time.Now().Truncate(time.Second).Add(5 * time.Second)
	for i := range 5 {
		appended(t, s, start.Add(time.Duration(i)*time.Minute), "up 1\n")
	}
	close(gate)
	lab.Eventually(t, time.Minute, func() error {
		found, err := receiver.QueryRangeSamples(t.Context(), "up", time.Hour, start.Add(7*time.Minute))
		if err == nil && (len(found) != 1 || len(found[0].Values) != 5) {
			return fmt.Errorf("there are %v, want five samples", found)
		}
		return err
	})
}

func TestRemoteWriteIsReadAsPrometheusReadsIt(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "password"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := ParseRemoteWrite([]byte(`
- url: http://user:hidden@127.0.0.1:1/write
  basic_auth: {username: me, password_file: password}
  queue_config: {capacity: 10}
- {url: "http://127.0.0.1:2/write", protobuf_message: io.prometheus.write.v2.Request}
`), folder)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"http://user:xxxxx@127.0.0.1:1/write", "http://127.0.0.1:2/write"}
	if diff := cmp.Diff(want, r.Targets()); diff != "" {
		t.Errorf("targets (-want +got):\n%s", diff)
	}
	if got := r.config.RemoteWriteConfigs[0].HTTPClientConfig.BasicAuth.PasswordFile; got != filepath.Join(folder, "password") {
		t.Errorf("the password file is %s", got)
	}
	if none, err := ParseRemoteWrite(nil, folder); err != nil || none.Targets() != nil {
		t.Errorf("nothing said: %v, %v", none, err)
	}
}

func TestFaultyRemoteWriteIsNamed(t *testing.T) {
	s := opened(t, t.TempDir(), Options{})
	good := parsed(t, "- url: http://127.0.0.1:1/write")
	if err := s.SendTo(good); err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]string{
		"- ulr: http://127.0.0.1:1": "ulr",
		"- {}":                      "url",
		"url: http://127.0.0.1:1":   "map",
		"- url: http://127.0.0.1:1\nscrape_configs: []":              "yaml",
		"- {url: 'http://a', name: x}\n- {url: 'http://b', name: x}": "name",
		"- url: http://127.0.0.1:1\n  tls_config: {ca_file: gone}":   "gone",
		"- url: http://127.0.0.1:1\n- url: http://127.0.0.1:1":       "twice",
	} {
		r, err := ParseRemoteWrite([]byte(list), t.TempDir())
		if err == nil {
			err = s.SendTo(r)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", list, err, want)
		}
	}
	if err := s.SendTo(RemoteWrite{}); err != nil {
		t.Errorf("send to nobody: %v", err)
	}
}
