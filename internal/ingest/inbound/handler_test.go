package inbound_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/hook"
	"github.com/slo-engine/slo-engine/internal/ingest/inbound"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf is an Inbox that keeps what it is given, or says why not.
type shelf struct {
	mu   sync.Mutex
	got  []remediation.Inbound
	err  error
	wait chan struct{} // not nil: it takes nothing until it is closed
}

func (s *shelf) Take(ctx context.Context, alerts []remediation.Inbound) (remediation.Taken, error) {
	if s.wait != nil {
		select {
		case <-s.wait:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", remediation.ErrBusy, ctx.Err())
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return nil, s.err
	}
	s.got = append(s.got, alerts...)
	return remediation.Taken{remediation.OutcomeNew: len(alerts)}, nil
}

func newHandler(s *shelf, change func(*inbound.Options)) *inbound.Handler {
	o := inbound.Options{Inbox: func() inbound.Inbox { return s }, Now: func() time.Time { return noon }}
	if change != nil {
		change(&o)
	}
	return inbound.New(o)
}

// post sends a body, as Alertmanager does.
func post(h http.Handler, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/api/v1/alerts", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// message is one of Alertmanager 0.34 with such alerts.
func message(alerts ...string) string {
	return `{"receiver":"engine","status":"firing","alerts":[` + strings.Join(alerts, ",") + `],"notification_reason":"first notification",
		"groupLabels":{},"commonLabels":{},"commonAnnotations":{},"routeLabels":{"a":"b"},"externalURL":"http://am","version":"4","groupKey":"{}:{}","truncatedAlerts":0}`
}

const firing = `{"status":"firing","labels":{"alertname":"Retransmits","node":"n1","severity":"critical"},"annotations":{"summary":"8 %"},
	"startsAt":"2026-03-01T13:59:00+02:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prom/graph","fingerprint":"b5d2d4f8ac9c2a07"}`

func TestTakes(t *testing.T) {
	s := &shelf{}
	resolved := strings.NewReplacer("firing", "resolved", "0001-01-01T00:00:00Z", "2026-03-01T11:59:30Z", `"fingerprint":"b5d2d4f8ac9c2a07"`, `"fingerprint":"CHECKOUT/heal"`).Replace(firing)
	over := strings.NewReplacer("0001-01-01T00:00:00Z", "2026-03-01T12:00:00Z").Replace(firing)
	until := strings.NewReplacer("0001-01-01T00:00:00Z", "2026-03-01T12:04:00Z", `"node"`, `"gone":"","node"`).Replace(firing)
	w := post(newHandler(s, nil), message(firing, resolved, over, until))
	if want := `{"alerts":4,"taken":{"new":4}}` + "\n"; w.Code != http.StatusOK || w.Body.String() != want {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	base := remediation.Inbound{
		Fingerprint: "b5d2d4f8ac9c2a07", Labels: map[string]string{"alertname": "Retransmits", "node": "n1", "severity": "critical"},
		Annotations: map[string]string{"summary": "8 %"}, StartsAt: noon.Add(-time.Minute), From: "192.0.2.1", GeneratorURL: "http://prom/graph",
	}
	want := []remediation.Inbound{base, base, base, base}
	want[1].Fingerprint = s.got[1].Fingerprint // ours, of the labels
	want[1].EndsAt, want[2].EndsAt, want[3].Until = noon.Add(-30*time.Second), noon, noon.Add(4*time.Minute)
	if diff := cmp.Diff(want, s.got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The fingerprint is the one that Alertmanager would compute; nobody gives an
// alert the name of another kind of alert.
func TestFingerprint(t *testing.T) {
	s := &shelf{}
	for _, said := range []string{"", "checkout:availability/heal", "B5D2D4F8AC9C2A07", "b5d2d4f8ac9c2a0", "+5d2d4f8ac9c2a07"} {
		post(newHandler(s, nil), message(strings.Replace(firing, "b5d2d4f8ac9c2a07", said, 1)))
	}
	for i, got := range s.got {
		if len(got.Fingerprint) != 16 || got.Fingerprint != s.got[0].Fingerprint {
			t.Errorf("%d: %q", i, got.Fingerprint)
		}
	}
}

func TestRefuses(t *testing.T) {
	big := `{"status":"firing","labels":{"a":"b"},"startsAt":"2026-03-01T12:00:00Z"}`
	type change = func(*http.Request)
	for name, c := range map[string]struct {
		body   string
		change change
		status int
		want   string
	}{
		"no JSON":           {`{"version": "4"`, nil, 400, "unexpected end of JSON input"},
		"more than one":     {message() + message(), nil, 400, "after top-level value"},
		"a list":            {`[]`, nil, 400, "cannot unmarshal array"},
		"alerts are none":   {`{"version":"4","alerts":{}}`, nil, 400, "alerts is not a list"},
		"another version":   {`{"version":"5","alerts":[]}`, nil, 400, `version is \"5\"`},
		"a number":          {`{"version":4,"alerts":[]}`, nil, 400, "cannot unmarshal number"},
		"no version":        {`{"alerts":[]}`, nil, 400, `version is \"\"`},
		"too many":          {`{"version":"4","alerts":[` + strings.Repeat("0,", 10_000) + `0]}`, nil, 400, "more than 10000 alerts"},
		"too large":         {strings.Repeat(" ", 4<<20) + message(), nil, 413, "at most 4 MiB"},
		"too large, unsaid": {strings.Repeat(" ", 4<<20) + message(), func(r *http.Request) { r.ContentLength = -1 }, 413, "at most 4 MiB"},
		"a form":            {message(), func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "must be application/json"},
		"no type":           {message(), func(r *http.Request) { r.Header.Del("Content-Type") }, 415, "must be application/json"},
		"compressed":        {message(), func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 415, "must not be compressed"},
		"read":              {message(), func(r *http.Request) { r.Method = http.MethodGet }, 405, "sent with POST"},
		"no alert":          {message(`7`), nil, 400, "alert 0: is no alert"},
		"no labels":         {message(`{"status":"firing","labels":{"a":""},"startsAt":"2026-03-01T12:00:00Z"}`), nil, 400, "it has no labels"},
		"no begin":          {message(`{"status":"firing","labels":{"a":"b"}}`), nil, 400, "startsAt is missing"},
		"a status":          {message(strings.Replace(big, "firing", "maybe", 1)), nil, 400, `its status is \"maybe\"`},
		"an odd time":       {message(strings.Replace(big, "2026", "9999", 1)), nil, 400, "a hundred years"},
		"a long value":      {message(strings.Replace(big, `"b"`, `"`+strings.Repeat("b", 5000)+`"`, 1)), nil, 400, "label a has 5000 bytes"},
		"a long name":       {message(strings.Replace(big, `"a"`, `"`+strings.Repeat("b", 300)+`"`, 1)), nil, 400, "name has 300 bytes"},
		"a hundred labels":  {message(strings.Replace(big, `"a":"b"`, many(100, 1), 1)), nil, 400, "it has 100 labels"},
		"much of it":        {message(strings.Replace(big, `"a":"b"`, many(10, 3000), 1)), nil, 400, "its labels have 30"},
	} {
		s := &shelf{}
		changes := []change{}
		if c.change != nil {
			changes = append(changes, c.change)
		}
		w := post(newHandler(s, nil), c.body, changes...)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) || w.Header().Get("Content-Type") != "application/problem+json" || len(s.got) > 0 {
			t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, c.status, c.want)
		}
	}
}

// many are so many labels, each with a value so long.
func many(n, long int) string {
	var labels []string
	for i := range n {
		labels = append(labels, fmt.Sprintf(`"l%02d":"%s"`, i, strings.Repeat("x", long)))
	}
	return strings.Join(labels, ",")
}

// One that cannot be does not keep the others out.
func TestHurtsOnlyItself(t *testing.T) {
	s := &shelf{}
	w := post(newHandler(s, nil), message(`{"status":"firing"}`, firing, `[]`))
	var got struct {
		Alerts, Malformed int
		Problems          []struct{ Alert int }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || got.Malformed != 2 || got.Problems[1].Alert != 2 || len(s.got) != 1 {
		t.Errorf("%d %s, %d taken", w.Code, w.Body, len(s.got))
	}
	if w := post(newHandler(s, nil), message()); w.Code != 200 {
		t.Errorf("a message without alerts: %d %s", w.Code, w.Body)
	}
}

// Long annotations are shortened: they are for people.
func TestAnnotations(t *testing.T) {
	s := &shelf{}
	long := strings.Replace(firing, `"summary":"8 %"`, many(30, 1000), 1)
	if w := post(newHandler(s, nil), message(long)); w.Code != 200 || len(s.got[0].Annotations) != 16 {
		t.Errorf("%d %s: %d are kept", w.Code, w.Body, len(s.got[0].Annotations))
	}
}

// What may work later is 503, never 4xx: Alertmanager would not come again.
func TestLater(t *testing.T) {
	for name, c := range map[string]struct {
		shelf  *shelf
		change func(*inbound.Options)
	}{
		"busy":           {&shelf{err: remediation.ErrBusy}, nil},
		"odd":            {&shelf{err: errors.New("what is this")}, nil},
		"slow":           {&shelf{wait: make(chan struct{})}, func(o *inbound.Options) { o.Patience = time.Millisecond }},
		"not there":      {&shelf{}, func(o *inbound.Options) { o.Inbox = func() inbound.Inbox { return nil } }},
		"no secret file": {&shelf{}, func(o *inbound.Options) { o.SecretFile = "not-there" }},
	} {
		w := post(newHandler(c.shelf, c.change), message(firing))
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Ten thousand messages at once are answered, with 200 or 503, and the memory
// that they may take is bounded.
func TestFloodOfMessages(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	s := &shelf{wait: make(chan struct{})}
	h := newHandler(s, func(o *inbound.Options) { o.Registerer, o.Patience = reg, time.Minute })
	var wg sync.WaitGroup
	codes := make(chan int, 10_000)
	for range cap(codes) {
		wg.Go(func() { codes <- post(h, message(firing)).Code })
	}
	for range cap(codes) - 512 { // so many wait for the disk; nobody else does
		if code := <-codes; code != http.StatusServiceUnavailable {
			t.Fatalf("answered %d", code)
		}
	}
	close(s.wait)
	wg.Wait()
	close(codes)
	for code := range codes {
		if code != http.StatusOK {
			t.Fatalf("answered %d", code)
		}
	}
	metric := `
		# HELP slo_engine_inbound_requests_total Messages with alerts from elsewhere, by the status of the answer.
		# TYPE slo_engine_inbound_requests_total counter
		slo_engine_inbound_requests_total{code="200"} 512
		slo_engine_inbound_requests_total{code="503"} 9488
	`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(metric), "slo_engine_inbound_requests_total"); err != nil {
		t.Error(err)
	}
}

// With a secret, what is forged, changed or old is not believed.
func TestSignatures(t *testing.T) {
	const key = "whsec_YSBzaWduaW5nIHNlY3JldCBvZiB0aGlydHkgYnl0ZXM="
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret, err := hook.ParseSecret(key)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(body string, at time.Time) func(*http.Request) {
		return func(r *http.Request) { secret.Sign(r.Header, "m1", []byte(body), at) }
	}
	body := message(firing)
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"signed":          {signed(body, noon), 200},
		"again":           {signed(body, noon.Add(-4*time.Minute)), 200},
		"replayed":        {signed(body, noon.Add(-6*time.Minute)), 401},
		"from the future": {signed(body, noon.Add(6*time.Minute)), 401},
		"another body":    {signed(body+" ", noon), 401},
		"not signed":      {func(*http.Request) {}, 401},
	} {
		s := &shelf{}
		w := post(newHandler(s, func(o *inbound.Options) { o.SecretFile = file }), body, c.change)
		if w.Code != c.want || len(s.got) > 0 != (c.want == 200) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// Who sent it is on record, by name where there are names.
func TestSender(t *testing.T) {
	s := &shelf{}
	post(newHandler(s, nil), message(firing), func(r *http.Request) {
		*r = *r.WithContext(auth.With(r.Context(), auth.Identity{Name: "alertmanager", Roles: []auth.Role{auth.Alert}}))
	})
	post(newHandler(s, nil), message(firing), func(r *http.Request) { *r = *r.WithContext(auth.With(r.Context(), auth.Local)) })
	if s.got[0].From != "alertmanager" || s.got[1].From != "192.0.2.1" {
		t.Errorf("from %q and %q", s.got[0].From, s.got[1].From)
	}
}

// FuzzMessage takes any bytes: an answer, and nothing that cannot be kept.
func FuzzMessage(f *testing.F) {
	for _, body := range []string{message(firing), message(), `{"version":"4","alerts":null}`, `{"version":"4","alerts":[null,{}]}`, `{"version":"4","alerts":[{"labels":{"\u0000":"\ud800"}}]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		s := &shelf{}
		w := post(newHandler(s, nil), string(body))
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		for _, in := range s.got {
			if _, err := json.Marshal(in); err != nil || len(in.Labels) == 0 || len(in.Fingerprint) != 16 {
				t.Errorf("%+v was taken: %v", in, err)
			}
		}
	})
}
