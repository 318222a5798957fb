package alertmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/model"
)

// teller is an Alertmanager that tells what it is made to tell.
type teller struct {
	*httptest.Server
	mu               sync.Mutex
	silences, alerts string
	status           int
	asked            []string
}

func newTeller(t *testing.T) *teller {
	u := &teller{silences: "[]", alerts: "[]", status: http.StatusOK}
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.asked = append(u.asked, r.Method+" "+r.URL.RequestURI())
		w.WriteHeader(u.status)
		switch {
		case strings.HasSuffix(r.URL.Path, "/api/v2/silences"):
			io.WriteString(w, u.silences)
		case strings.HasSuffix(r.URL.Path, "/api/v2/alerts"):
			io.WriteString(w, u.alerts)
		}
	}))
	t.Cleanup(u.Close)
	return u
}

func (u *teller) tell(silences, alerts string, status int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.silences, u.alerts, u.status = silences, alerts, status
}

// listening is what is known of some tellers, with a clock that is set by hand.
type listening struct {
	*Silences
	now      time.Time
	registry *prometheus.Registry
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func listenTo(t *testing.T, tellers ...*teller) *listening {
	t.Helper()
	l := &listening{now: noon, registry: prometheus.NewRegistry()}
	var remotes []*Remote
	for _, u := range tellers {
		remotes = append(remotes, newRemote(t, RemoteOptions{URL: u.URL}))
	}
	var err error
	l.Silences, err = NewSilences(SilencesOptions{
		Remotes: remotes, Registerer: l.registry, Now: func() time.Time { return l.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *listening) askAll(t *testing.T) {
	for _, a := range l.asked {
		l.ask(t.Context(), a)
	}
}

func (l *listening) want(t *testing.T, labels map[string]string, want string) {
	t.Helper()
	by, muted := l.MutedBy(labels)
	if by != want || muted != (want != "") {
		t.Errorf("%v is muted %v by %q, want %q", labels, muted, by, want)
	}
}

func silenceText(id, state string, from, until time.Time, matchers string) string {
	return fmt.Sprintf(`{"id": %q, "status": {"state": %q}, "startsAt": %q, "endsAt": %q, "createdBy": "ann", "comment": "work",
		"updatedAt": %q, "matchers": [%s], "annotations": {}}`,
		id, state, from.Format(time.RFC3339Nano), until.Format(time.RFC3339Nano), from.Format(time.RFC3339Nano), matchers)
}

const (
	isCheckout = `{"name": "service", "value": "checkout", "isRegex": false, "isEqual": true}`
	likeCart   = `{"name": "service", "value": "cart|basket", "isRegex": true}`
	notTest    = `{"name": "env", "value": "test", "isRegex": false, "isEqual": false}`
	notLike    = `{"name": "env", "value": "te.*", "isRegex": true, "isEqual": false}`
)

var checkout = map[string]string{"alertname": "ErrorBudgetBurn", "service": "checkout", "severity": "critical", "empty": ""}

// Whatever a silence asks for, it mutes whom it would mute in Alertmanager, and
// as long.
func TestSilencesMatch(t *testing.T) {
	u := newTeller(t)
	u.tell("["+strings.Join([]string{
		silenceText("one", "active", noon.Add(-time.Hour), noon.Add(time.Minute), isCheckout),
		silenceText("two", "active", noon.Add(-time.Hour), noon.Add(time.Hour), likeCart+","+notTest),
		silenceText("later", "pending", noon.Add(time.Minute), noon.Add(time.Hour), `{"name": "service", "value": "search", "isRegex": false}`),
		silenceText("over", "expired", noon.Add(-time.Hour), noon.Add(time.Hour), `{"name": "service", "value": "mail", "isRegex": false}`),
		silenceText("four", "active", noon.Add(-time.Hour), noon.Add(time.Hour), `{"name": "team", "value": "x", "isRegex": false},`+notLike),
	}, ",")+"]", "[]", 200)
	l := listenTo(t, u)
	l.askAll(t)
	of := func(pairs ...string) map[string]string {
		m := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	l.want(t, checkout, "silence one")
	l.want(t, of("service", "basket"), "silence two")
	l.want(t, of("service", "baskets"), "")
	l.want(t, of("service", "cart", "env", "test"), "")
	l.want(t, of("service", "search"), "")
	l.want(t, of("service", "mail"), "")
	l.want(t, of("team", "x", "env", "prod"), "silence four")
	l.want(t, of("team", "x", "env", "test-1"), "")
	l.now = noon.Add(2 * time.Minute) // without another question
	l.want(t, checkout, "")
	l.want(t, of("service", "search"), "silence later")
}

func TestInhibitionIsAskedFor(t *testing.T) {
	u := newTeller(t)
	set := model.LabelSet{"alertname": "ErrorBudgetBurn", "service": "checkout", "severity": "critical"}
	u.tell("[]", fmt.Sprintf(`[{"fingerprint": %q, "labels": {}, "status": {"state": "suppressed", "silencedBy": [], "inhibitedBy": ["abc"]}},
		{"fingerprint": "other", "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}}]`, set.Fingerprint()), 200)
	l := listenTo(t, u)
	l.askAll(t)
	l.want(t, checkout, "alert abc")
	l.want(t, map[string]string{"alertname": "ErrorBudgetBurn", "service": "checkout", "severity": "warning"}, "")
	want := "GET /api/v2/silences, GET /api/v2/alerts?active=false&inhibited=true&silenced=false&unprocessed=false"
	if got := strings.Join(u.asked, ", "); got != want {
		t.Errorf("asked %s\nwant  %s", got, want)
	}
}

// What an Alertmanager said last holds while it is away, and is shown as stale.
func TestStaleSilencesHold(t *testing.T) {
	u := newTeller(t)
	l := listenTo(t, u)
	gauge := func(want string) {
		t.Helper()
		text := fmt.Sprintf("# HELP slo_engine_silences_stale 1 where the silences of an Alertmanager are not known, or not lately.\n"+
			"# TYPE slo_engine_silences_stale gauge\nslo_engine_silences_stale{alertmanager=%q} %s\n", u.URL, want)
		if err := testutil.GatherAndCompare(l.registry, strings.NewReader(text), "slo_engine_silences_stale"); err != nil {
			t.Error(err)
		}
	}
	gauge("1")
	if age := l.age(l.asked[0]); !math.IsInf(age, 1) {
		t.Errorf("age %v before the first answer", age)
	}
	u.tell("["+silenceText("one", "active", noon, noon.Add(time.Hour), isCheckout)+"]", "[]", 200)
	l.askAll(t)
	gauge("0")
	for _, answer := range []struct {
		text   string
		status int
	}{{"try later", 503}, {"no", 404}, {"<html>", 200}, {`[{"id": 7}]`, 200}, {`[]`, 302}} {
		u.tell(answer.text, "[]", answer.status)
		l.now = l.now.Add(10 * time.Second)
		l.askAll(t)
		l.want(t, checkout, "silence one")
	}
	if age := l.age(l.asked[0]); age != 50 {
		t.Errorf("age %v, want 50 s", age)
	}
	gauge("1")
	u.tell("[]", "[]", 200)
	l.askAll(t)
	l.want(t, checkout, "")
	gauge("0")
}

// One that answers is enough to know what both know, and what either says holds.
func TestSilencesOfSeveral(t *testing.T) {
	away, here := newTeller(t), newTeller(t)
	away.tell("", "", 500)
	l := listenTo(t, away, here)
	l.want(t, checkout, "not known yet: no Alertmanager has told its silences")
	l.askAll(t)
	l.want(t, checkout, "")
	away.tell("["+silenceText("one", "active", noon, noon.Add(time.Hour), isCheckout)+"]", "[]", 200)
	l.askAll(t)
	l.want(t, checkout, "silence one")
}

// Where nobody answers, nothing is done for a while after the start, and then
// nothing counts as muted: what heals must not wait for what pages.
func TestNobodyTellsSilences(t *testing.T) {
	u := newTeller(t)
	u.tell("", "", 500)
	l := listenTo(t, u)
	l.askAll(t)
	l.want(t, checkout, "not known yet: no Alertmanager has told its silences")
	l.now = noon.Add(firstAnswer)
	l.want(t, checkout, "")
	if none := listenTo(t); true {
		none.want(t, checkout, "")
	}
}

// A silence that cannot be read hurts only itself.
func TestASilenceThatCannotBeRead(t *testing.T) {
	u := newTeller(t)
	u.tell("["+strings.Join([]string{
		silenceText("odd", "active", noon, noon.Add(time.Hour), `{"name": "service", "value": "(", "isRegex": true}`),
		silenceText("all", "active", noon, noon.Add(time.Hour), ""),
		silenceText("one", "active", noon, noon.Add(time.Hour), isCheckout),
	}, ",")+"]", "[]", 200)
	l := listenTo(t, u)
	l.askAll(t)
	l.want(t, checkout, "silence one")
	l.want(t, map[string]string{"service": "other"}, "")
	if doubts := l.asked[0].doubts; !strings.Contains(doubts, "odd: ") || !strings.Contains(doubts, "all: it has no matchers") {
		t.Errorf("told %q", doubts)
	}
}

func TestAnAnswerWithoutEnd(t *testing.T) {
	u := newTeller(t)
	u.tell("["+strings.Repeat(" ", maxAnswer)+"]", "[]", 200)
	r := newRemote(t, RemoteOptions{URL: u.URL})
	if _, _, err := r.mutes(t.Context(), noon); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("error %v", err)
	}
}

// Run asks at once, again and again, and ends.
func TestSilencesRun(t *testing.T) {
	u := newTeller(t)
	s, err := NewSilences(SilencesOptions{Remotes: []*Remote{newRemote(t, RemoteOptions{URL: u.URL})}, Every: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	until(t, func() bool { _, muted := s.MutedBy(checkout); return !muted })
	now := time.Now()
	u.tell("["+silenceText("one", "active", now, now.Add(time.Hour), isCheckout)+"]", "[]", 200)
	until(t, func() bool { by, _ := s.MutedBy(checkout); return by == "silence one" })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-deadline:
			t.Fatal("it does not come")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// FuzzSilences: whatever an Alertmanager answers, nothing breaks.
func FuzzSilences(f *testing.F) {
	f.Add("[" + silenceText("one", "active", noon, noon.Add(time.Hour), isCheckout) + "]")
	f.Add(`[{"matchers": [{"name": "", "value": "((", "isRegex": true}]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		var list []silenceJSON
		if json.Unmarshal([]byte(text), &list) != nil {
			return
		}
		for _, one := range list {
			if s, err := one.silence(); err == nil && len(s.matchers) == 0 {
				t.Error("a silence of everything")
			}
		}
	})
}
