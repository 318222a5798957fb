package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/api/apitest"
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/auth"
	"github.com/slo-engine/slo-engine/internal/remediation"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

func actionsOf(h *apitest.Healer, mode remediation.Mode) *Actions {
	return &Actions{
		Mode: mode, Gateways: h.Gate, Now: h.Now,
		Open:      func() (ActionRunner, ActionRecords, bool) { return h.Runner, h.Store, true },
		Playbooks: func() []*slo.Remediation { return h.Playbooks },
		Leader:    func() string { return "engine-1" },
	}
}

// filled is remediation with something on record.
func filled(t testing.TB) *Actions {
	t.Helper()
	h := apitest.New(t, remediation.ModeEnforce)
	h.Fill(t)
	return actionsOf(h, remediation.ModeEnforce)
}

// away is a state that nobody can read.
type away struct{ ActionRecords }

var errAway = errors.New("dial tcp 10.0.0.1:5432: refused")

func (away) Get(context.Context, string) (remediation.Record, error) {
	return remediation.Record{}, errAway
}

func (away) Find(context.Context, remediation.Query) ([]remediation.Record, error) {
	return nil, errAway
}

func asJSON(headers ...string) []string {
	return append([]string{"Content-Type: application/json"}, headers...)
}

// actionExchanges are kept as exchanges are.
var actionExchanges = []struct{ name, method, target, body string }{
	{"actions", "GET", "/api/v1/actions", ""},
	{"actions_bad_state", "GET", "/api/v1/actions?state=fine", ""},
	{"action_held", "GET", "/api/v1/actions/" + apitest.HeldID, ""},
	{"action_from_elsewhere", "GET", "/api/v1/actions/20260301t115900-000000-00002", ""},
	{"action_missing", "GET", "/api/v1/actions/nobody", ""},
	{"action_not_waiting", "POST", "/api/v1/actions/" + apitest.HeldID + "/approve", `{}`},
	{"remediations", "GET", "/api/v1/remediations", ""},
	{"outbox_dead", "GET", "/api/v1/outbox/dead?limit=5", ""},
	{"outbox_resend", "POST", "/api/v1/outbox/resend", `{"ids":["m-1","nobody"]}`},
	{"outbox_resend_nothing", "POST", "/api/v1/outbox/resend", `{}`},
	{"drill_rehearsed", "POST", "/api/v1/remediations/ask-first/drill", `{"labels":{"alertname":"NodeSick"}}`},
}

func TestActionsGolden(t *testing.T) {
	for _, x := range actionExchanges {
		t.Run(x.name, func(t *testing.T) {
			r := ask(t, Options{Actions: filled(t)}, x.method, x.target, x.body, asJSON()...)
			golden(t, x.name, transcript(t, x.method, x.target, r))
		})
	}
}

// An engine whose remediation is off lists nothing, and says how to switch it on.
func TestActionsOff(t *testing.T) {
	for _, c := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/api/v1/actions", 200, `{"mode":"off","paused_by":"","leader":"","actions":[]}`},
		{"GET", "/api/v1/remediations", 200, `{"remediations":[]}`},
		{"GET", "/api/v1/outbox/dead", 200, `{"messages":[]}`},
		{"GET", "/api/v1/actions/x", 409, "write remediation: {mode: dry_run}"},
		{"GET", "/api/v1/autonomy/x", 409, "write remediation: {mode: dry_run}"},
		{"PUT", "/api/v1/autonomy/x", 409, "write remediation: {mode: dry_run}"},
		{"POST", "/api/v1/actions/x/approve", 409, "write remediation: {mode: dry_run}"},
		{"POST", "/api/v1/actions/pause", 409, "write remediation: {mode: dry_run}"},
		{"POST", "/api/v1/remediations/x/drill", 409, "write remediation: {mode: dry_run}"},
		{"POST", "/api/v1/alerts", 404, "write remediation: {mode: dry_run}"},
		{"POST", "/api/v1/alert", 404, "write remediation: {mode: dry_run}"},
		{"GET", "/sampling", 404, "no samplers"},
		{"GET", "/api/v1/events", 404, "no events"},
		{"GET", "/api/v1/alert", 405, "takes POST"},
		{"PUT", "/api/v1/alerts", 405, "takes GET, POST"},
		{"GET", "/api/v1/actions/pause", 405, "takes POST"},
	} {
		r := ask(t, Options{}, c.method, c.target, "", asJSON()...)
		if got := text(t, r); r.StatusCode != c.status || !strings.Contains(got, c.want) {
			t.Errorf("%s %s answers %d %s", c.method, c.target, r.StatusCode, got)
		}
	}
}

func TestActionsSelected(t *testing.T) {
	actions := filled(t)
	for query, want := range map[string]string{
		"":                                 "00003 00002 00001 00000",
		"open=true":                        "00003 00002",
		"open=false":                       "00003 00002 00001 00000",
		"state=held&state=rehearsed":       "00003 00000",
		"service=search":                   "00001 00000",
		"gateway=edge":                     "00003 00002",
		"limit=1":                          "00003",
		"since=2026-03-01T11:59:00Z":       "00003 00002",
		"service=search&state=contested":   "00001",
		"service=checkout&gateway=kong":    "",
		"since=2026-03-01T11:59:00.3Z":     "00003",
		"state=proposed&state=applying":    "",
		"gateway=%3Cscript%3E&open=1":      "",
		"service=checkout&state=verifying": "",
	} {
		var list apitypes.ActionList
		if err := json.NewDecoder(ask(t, Options{Actions: actions}, "GET", "/api/v1/actions?"+query, "").Body).Decode(&list); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var ids []string
		for _, a := range list.Actions {
			ids = append(ids, a.ID[len(a.ID)-5:])
		}
		if got := strings.Join(ids, " "); got != want || list.Mode != "enforce" || list.Leader != "engine-1" {
			t.Errorf("?%s selects %q, want %q (mode %s, leader %s)", query, got, want, list.Mode, list.Leader)
		}
	}
	for query, want := range map[string]string{
		"state=fine": "unknown state", "open=perhaps": "neither true nor false", "limit=0": "from 1 to 1000", "limit=1001": "from 1 to 1000",
		"since=1h": "write since=2026-03-01T00:00:00Z", "x=y": "unknown parameter x", "service=a&service=b": "2 times", "service=%zz": "cannot be read",
	} {
		if r := ask(t, Options{Actions: actions}, "GET", "/api/v1/actions?"+query, ""); r.StatusCode != 400 || !strings.Contains(text(t, r), want) {
			t.Errorf("?%s answers %d", query, r.StatusCode)
		}
	}
}

// The settings of a gateway may name secrets: they never leave.
func TestActionsKeepSecrets(t *testing.T) {
	actions := filled(t)
	for _, target := range []string{"/api/v1/actions", "/api/v1/actions/" + apitest.HeldID, "/api/v1/remediations"} {
		if got := text(t, ask(t, Options{Actions: actions}, "GET", target, "")); strings.Contains(got, "hidden") || strings.Contains(got, "<script") {
			t.Errorf("%s tells %s", target, got)
		}
	}
}

// A state that is not open, or that is away, is told from one in which there is
// nothing; what the driver says stays in the log.
func TestActionsAway(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	closed, gone := actionsOf(h, remediation.ModeEnforce), actionsOf(h, remediation.ModeEnforce)
	closed.Open = func() (ActionRunner, ActionRecords, bool) { return nil, nil, false }
	gone.Open = func() (ActionRunner, ActionRecords, bool) { return h.Runner, away{h.Store}, true }
	for _, actions := range []*Actions{closed, gone} {
		for _, target := range []string{"/api/v1/actions", "/api/v1/actions/x", "/api/v1/autonomy/checkout"} {
			r := ask(t, Options{Actions: actions}, "GET", target, "")
			if got := text(t, r); r.StatusCode != 503 || r.Header.Get("Retry-After") != "1" || strings.Contains(got, "10.0.0.1") || !strings.Contains(got, "log says why") {
				t.Errorf("GET %s answers %d %s", target, r.StatusCode, got)
			}
		}
	}
}

// The life of an action whose playbook wants a yes, as people see it.
func TestPeopleAnswer(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	handler := New(Options{Snapshot: at(shop()), Actions: actionsOf(h, remediation.ModeEnforce), Door: everyone(auth.Identity{Name: "alice", Roles: []auth.Role{auth.Operator}})})
	post := func(status int, path, body string) (a apitypes.Action) {
		t.Helper()
		r := exchange(handler, "POST", "/api/v1/actions/"+path, body, asJSON()...)
		got := text(t, r)
		if r.StatusCode != status {
			t.Fatalf("%s answers %d %s", path, r.StatusCode, got)
		}
		_ = json.Unmarshal([]byte(got), &a)
		return a
	}
	h.Fire()
	h.Step(t, time.Second)
	id := h.Only(t).ID
	if a := post(200, id+"/approve", `{"note":"go on"}`); a.AnsweredBy != "alice" || a.State != "awaiting_approval" || a.Note != "go on" {
		t.Errorf("approved: %+v", a)
	}
	post(409, id+"/approve", ``)
	post(409, id+"/reject", `{}`)
	h.Step(t, time.Second)
	if rec := h.Only(t); rec.State != remediation.Holding || h.Gate.Writes() != 1 {
		t.Fatalf("approved, it is %s after %d writes", rec.State, h.Gate.Writes())
	}
	if a := post(200, id+"/undo", `{"note":"enough"}`); a.UndoAskedBy != "alice" {
		t.Errorf("undo: %+v", a)
	}
	for range 10 {
		h.Step(t, time.Second)
	}
	if rec := h.Only(t); rec.State != remediation.Undone || h.Gate.Writes() != 2 {
		t.Fatalf("it is %s after %d writes", rec.State, h.Gate.Writes())
	}
	post(409, id+"/undo", `{}`)
	post(404, "nobody/undo", `{}`)
	var detail apitypes.ActionDetail
	if err := json.NewDecoder(exchange(handler, "GET", "/api/v1/actions/"+id, "").Body).Decode(&detail); err != nil {
		t.Fatal(err)
	}
	var did []string
	for _, d := range detail.Timeline {
		if d.Who == "alice" {
			did = append(did, d.What)
		}
	}
	if diff := cmp.Diff([]string{"approved", "asked_undo"}, did); diff != "" {
		t.Error(diff)
	}
}

func TestRejected(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	h.Fire()
	h.Step(t, time.Second)
	o := Options{Actions: actionsOf(h, remediation.ModeEnforce)}
	r := ask(t, o, "POST", "/api/v1/actions/"+h.Only(t).ID+"/reject", `{"note":"it is drained already"}`, asJSON()...)
	if rec := h.Only(t); r.StatusCode != 200 || rec.State != remediation.Rejected || rec.Answered != "local" || rec.Note != "it is drained already" {
		t.Errorf("answers %d, and it is %+v", r.StatusCode, rec)
	}
}

func TestKillSwitch(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	o := Options{Actions: actionsOf(h, remediation.ModeEnforce)}
	want := `{"mode":"enforce","paused_by":"local","leader":"engine-1"}` + "\n"
	if got := text(t, ask(t, o, "POST", "/api/v1/actions/pause", `{"note":"release"}`, asJSON()...)); got != want {
		t.Errorf("paused: %s", got)
	}
	h.Fire()
	h.Step(t, time.Second)
	if got := text(t, ask(t, o, "GET", "/api/v1/actions", "")); !strings.Contains(got, `"paused_by":"local"`) || !strings.Contains(got, `"actions":[]`) {
		t.Errorf("while paused: %s", got)
	}
	if got := text(t, ask(t, o, "GET", "/api/v1/remediations", "")); !strings.Contains(got, `"reason":"paused","note":"local"`) {
		t.Errorf("held back: %s", got)
	}
	if got := text(t, ask(t, o, "POST", "/api/v1/actions/resume", ``, asJSON()...)); !strings.Contains(got, `"paused_by":""`) {
		t.Errorf("resumed: %s", got)
	}
}

// What a person sets is what the Runner goes by, under the same name.
func TestAutonomy(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	o := Options{Actions: actionsOf(h, remediation.ModeEnforce)}
	show := func(service string) string { return text(t, ask(t, o, "GET", "/api/v1/autonomy/"+service, "")) }
	if got := show("checkout"); got != `{"service":"checkout","level":"auto","set_level":"auto","set_by":"","set_at":null,"known":true}`+"\n" {
		t.Errorf("at first: %s", got)
	}
	if got := show("a%2Fb"); !strings.Contains(got, `"service":"a/b"`) || !strings.Contains(got, `"known":false`) {
		t.Errorf("of nobody: %s", got)
	}
	want := `{"service":"checkout","level":"advise","set_level":"advise","set_by":"local","set_at":"2026-03-01T12:00:00.250Z","known":true}` + "\n"
	if got := text(t, ask(t, o, "PUT", "/api/v1/autonomy/checkout", `{"level":"advise","note":"fragile"}`, asJSON()...)); got != want {
		t.Errorf("set: %s", got)
	}
	h.Fire()
	h.Step(t, time.Second)
	if got := text(t, ask(t, o, "GET", "/api/v1/remediations", "")); !strings.Contains(got, `"reason":"advise_only"`) {
		t.Errorf("the Runner does not know: %s", got)
	}
	for body, want := range map[string]string{
		`{"level":"yolo"}`: "known are auto, approve and advise", ``: "level", `{"level":"auto","x":1}`: "unknown field", `[]`: "not the JSON",
		`{"level":"auto"} x`: "after its end", `{"level":"auto","note":"` + strings.Repeat("ä", 1001) + `"}`: "1001 characters",
	} {
		if r := ask(t, o, "PUT", "/api/v1/autonomy/checkout", body, asJSON()...); r.StatusCode != 400 || !strings.Contains(text(t, r), want) {
			t.Errorf("%.40s answers %d", body, r.StatusCode)
		}
	}
	if r := ask(t, o, "PUT", "/api/v1/autonomy/checkout", `{"note":"`+strings.Repeat("x", maxBody)+`"}`, asJSON()...); r.StatusCode != 413 {
		t.Errorf("a large body answers %d", r.StatusCode)
	}
}

// Every route that changes something wants JSON, the right role, and no other
// page's script.
func TestActionsGuarded(t *testing.T) {
	actions := filled(t)
	passes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusOK) })
	as := func(role auth.Role) Options {
		return Options{Actions: actions, Inbound: passes, Sampling: passes, Door: everyone(auth.Identity{Name: "bob", Roles: []auth.Role{role}})}
	}
	for _, c := range []struct{ method, target string }{
		{"POST", "/api/v1/actions/x/approve"}, {"POST", "/api/v1/actions/x/reject"}, {"POST", "/api/v1/actions/x/undo"},
		{"POST", "/api/v1/actions/pause"}, {"POST", "/api/v1/actions/resume"}, {"PUT", "/api/v1/autonomy/x"}, {"POST", "/api/v1/remediations/x/drill"},
	} {
		for what, want := range map[string]struct {
			o       Options
			headers []string
			status  int
		}{
			"as a form":              {as(auth.Operator), []string{"Content-Type: text/plain"}, 415},
			"as nothing":             {as(auth.Operator), nil, 415},
			"from another page":      {as(auth.Operator), asJSON("Origin: http://evil.example"), 403},
			"by another name":        {as(auth.Operator), asJSON("Host: evil.example"), 403},
			"by one who only looks":  {as(auth.Viewer), asJSON(), 403},
			"by one who only sends":  {as(auth.Ingest), asJSON(), 403},
			"by one who only alerts": {as(auth.Alert), asJSON(), 403},
		} {
			if r := ask(t, want.o, c.method, c.target, "{}", want.headers...); r.StatusCode != want.status {
				t.Errorf("%s %s %s answers %d %s", c.method, c.target, what, r.StatusCode, text(t, r))
			}
		}
	}
	for _, c := range []struct {
		role           auth.Role
		method, target string
		status         int
	}{
		{auth.Viewer, "GET", "/api/v1/actions", 200}, {auth.Ingest, "GET", "/api/v1/actions", 403}, {auth.Viewer, "GET", "/sampling", 200},
		{auth.Alert, "POST", "/api/v1/alerts", 200}, {auth.Alert, "POST", "/api/v1/alert", 200}, {auth.Viewer, "POST", "/api/v1/alerts", 403},
		{auth.Viewer, "GET", "/api/v1/alerts", 200}, {auth.Alert, "GET", "/api/v1/alerts", 403}, {auth.Viewer, "POST", "/-/reload", 403},
		{"", "GET", "/-/healthy", 200}, {"", "GET", "/api/v1/slos", 403}, {auth.Ingest, "POST", "/api/v1/write", 404}, {auth.Viewer, "POST", "/api/v1/write", 403},
		{auth.Viewer, "GET", "/alertmanager/api/v2/alerts", 404}, {auth.Viewer, "DELETE", "/alertmanager/api/v2/silence/1", 403},
		{auth.Operator, "DELETE", "/alertmanager/api/v2/silence/1", 404}, {auth.Operator, "GET", "/api/v1/slos", 200}, {auth.Admin, "POST", "/api/v1/write", 404},
	} {
		if r := ask(t, as(c.role), c.method, c.target, "", asJSON()...); r.StatusCode != c.status {
			t.Errorf("%s %s by %q answers %d, want %d: %s", c.method, c.target, c.role, r.StatusCode, c.status, text(t, r))
		}
	}
}

func drilled(t *testing.T, o Options, status int, body string) (d apitypes.Drill, got string) {
	t.Helper()
	r := ask(t, o, "POST", "/api/v1/remediations/back-to-v1/drill", body, asJSON()...)
	if got = text(t, r); r.StatusCode != status {
		t.Fatalf("%s answers %d %s", body, r.StatusCode, got)
	}
	_ = json.Unmarshal([]byte(got), &d)
	return d, got
}

// A rehearsal writes nothing; a drill for real is refused where nothing may be
// written.
func TestDrillRehearses(t *testing.T) {
	h := apitest.New(t, remediation.ModeDryRun)
	h.Playbooks[1].Guards.RequireHealthy = nil
	o := Options{Actions: actionsOf(h, remediation.ModeDryRun)}
	d, got := drilled(t, o, 200, `{"labels":{"service":"checkout"}}`)
	if d.Real || d.Sound || len(d.Steps) != 2 || h.Gate.Writes() != 0 {
		t.Fatalf("%s after %d writes", got, h.Gate.Writes())
	}
	if s := d.Steps[0]; s.Reason != "" || s.Gateway != "edge" || s.Guarantees == nil || s.Plan == nil ||
		s.Plan.Requests[0].Body != `{"v1":100,"v2":0}` || s.Plan.Undo[0].Body != `{"v1":50,"v2":50}` {
		t.Errorf("the first is %+v", s)
	}
	if s := d.Steps[1]; s.Reason != "unsupported" || s.Plan != nil {
		t.Errorf("the second is %+v", s)
	}
	if d, _ := drilled(t, o, 200, `{"labels":{"severity":"info"}}`); d.Steps[0].Reason != "records_only" {
		t.Errorf("for info: %+v", d.Steps[0])
	}
	if _, got := drilled(t, o, 409, `{"real":true}`); !strings.Contains(got, "mode: enforce") {
		t.Errorf("for real: %s", got)
	}
	if r := ask(t, o, "POST", "/api/v1/remediations/none/drill", "", asJSON()...); r.StatusCode != 404 {
		t.Errorf("of no playbook: %d", r.StatusCode)
	}
}

func TestDrillForReal(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	h.Playbooks[1].Guards.RequireHealthy = nil
	h.Playbooks[1].Remedies = h.Playbooks[1].Remedies[:1]
	o := Options{Actions: actionsOf(h, remediation.ModeEnforce)}
	if _, got := drilled(t, o, 409, `{"real":true}`); !strings.Contains(got, "another engine leads") {
		t.Errorf("before it leads: %s", got)
	}
	h.Step(t, time.Second)
	if err := h.Pause(t.Context(), "bob", ""); err != nil {
		t.Fatal(err)
	}
	if _, got := drilled(t, o, 409, `{"real":true}`); !strings.Contains(got, "bob has paused everything") {
		t.Errorf("while paused: %s", got)
	}
	if err := h.Resume(t.Context(), "bob", ""); err != nil {
		t.Fatal(err)
	}
	h.Go()
	d, got := drilled(t, o, 200, `{"labels":{"service":"checkout"},"real":true}`)
	if !d.Real || !d.Sound || len(d.Steps) != 1 || h.Gate.Writes() != 2 {
		t.Fatalf("%s after %d writes", got, h.Gate.Writes())
	}
	if s := d.Steps[0]; s.State != "undone" || !s.Restored || s.TimeToHeal == nil || s.ActionID == "" || len(s.Times) == 0 {
		t.Errorf("it is %+v", s)
	}
	if got := text(t, ask(t, o, "GET", "/api/v1/actions", "")); !strings.Contains(got, `"drill":true`) {
		t.Errorf("it is not on record: %s", got)
	}
}

// patient is a drill that takes its time.
type patient struct {
	ActionRunner
	takes time.Duration
	ended error // of the context, when it was over
}

func (p *patient) Drill(ctx context.Context, playbook *slo.Remediation, _ map[string]string, who string) (remediation.DrillReport, error) {
	time.Sleep(p.takes) //lint:sleep a drill that takes longer than other answers may is what is tested here
	p.ended = ctx.Err()
	return remediation.DrillReport{Playbook: playbook.Name, Who: who}, nil
}

// A drill for real takes longer than a server waits for usual answers, and goes
// on when nobody waits for its answer: what it began must be undone.
func TestDrillTakesItsTime(t *testing.T) {
	h := apitest.New(t, remediation.ModeEnforce)
	actions, runner := actionsOf(h, remediation.ModeEnforce), &patient{ActionRunner: h.Runner, takes: 300 * time.Millisecond}
	actions.Open = func() (ActionRunner, ActionRecords, bool) { return runner, h.Store, true }
	handler := New(Options{Snapshot: at(shop()), Actions: actions})
	server := httptest.NewUnstartedServer(handler)
	server.Config.WriteTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	r, err := http.Post(server.URL+"/api/v1/remediations/ask-first/drill", "application/json", strings.NewReader(`{"real":true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := text(t, r); r.StatusCode != 200 || !strings.Contains(got, `"real":true`) {
		t.Errorf("answers %d %s", r.StatusCode, got)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	request := httptest.NewRequest("POST", "/api/v1/remediations/ask-first/drill", strings.NewReader(`{"real":true}`)).WithContext(gone)
	request.Host = "localhost"
	request.Header.Set("Content-Type", "application/json")
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if runner.ended != nil {
		t.Errorf("the drill ended with its client: %v", runner.ended)
	}
}
