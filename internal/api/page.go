package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/engine"
)

//go:embed page.html
var pageHTML string

const pageStyle = "body{font-family:system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
	"td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}"

// maxAttention bounds the table of the front page.
const maxAttention = 50

// page is the front page: what runs here, what needs a person, where to look.
// Its links are relative, so that it works below any prefix and proxy.
type page struct {
	template *template.Template
	policy   string
}

type pageData struct {
	Version      string
	Style        template.CSS
	At           time.Time
	States       []stateCount
	Attention    []apitypes.SLO
	More         int
	Alertmanager bool
}

type stateCount struct {
	State engine.State
	Count int
}

func newPage() *page {
	hash := sha256.Sum256([]byte(pageStyle))
	return &page{
		template: template.Must(template.New("page").Parse(pageHTML)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

func (a *api) index(w http.ResponseWriter, r *http.Request) {
	data := pageData{Version: a.Version, Style: pageStyle, Alertmanager: a.Alertmanager != nil}
	if s := a.Snapshot(); s != nil {
		data.fill(s)
	}
	var body bytes.Buffer
	if err := a.page.template.Execute(&body, data); err != nil {
		a.Logger.Error("page not rendered", "err", err)
		writeProblem(w, fail(internal, "the page could not be made; /api/v1/slos has what it shows"))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", a.page.policy)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = body.WriteTo(w) // the client may be gone
}

func (d *pageData) fill(s *engine.Snapshot) {
	d.At = s.At
	counts := countStates(s)
	for _, state := range states {
		d.States = append(d.States, stateCount{state, counts[state]})
	}
	needy := sloList{s, filter{states: []string{
		string(engine.StateError), string(engine.StateExhausted), string(engine.StateBurning), string(engine.StateNoData),
	}}}
	for view := range needy.each {
		if len(d.Attention) < maxAttention {
			d.Attention = append(d.Attention, view)
		} else {
			d.More++
		}
	}
}
