package differential

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// alert names one alert, of the engine or of the rules.
type alert struct{ service, slo, severity string }

// change is when an alert began or ended.
type change struct {
	at     time.Time
	firing bool
}

// pager stands where an Alertmanager would, and notes what the engine tells it.
type pager struct {
	url string

	mu      sync.Mutex
	changes map[alert][]change
	late    time.Duration // the longest from a change to its arrival
}

func openPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{changes: map[alert][]change{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// ServeHTTP takes POST /api/v2/alerts.
func (p *pager) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var posted []struct {
		Labels           map[string]string
		StartsAt, EndsAt time.Time
	}
	if err := json.NewDecoder(r.Body).Decode(&posted); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	now := time.Now()
	for _, a := range posted {
		if a.Labels["alertname"] != "ErrorBudgetBurn" {
			continue
		}
		name := alert{a.Labels["service"], a.Labels["slo"], a.Labels["severity"]}
		p.note(name, a.StartsAt, true, now)
		if !a.EndsAt.After(now) {
			p.note(name, a.EndsAt, false, now)
		}
	}
}

// note keeps a change that is news. An alert is sent again and again.
func (p *pager) note(name alert, at time.Time, firing bool, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := p.changes[name]
	if n := len(list); n > 0 && !at.After(list[n-1].at) {
		return
	}
	p.changes[name] = append(list, change{at, firing})
	p.late = max(p.late, now.Sub(at))
}

// of are the changes of an alert. Ticks are on whole seconds; by how much one
// was late does not matter here.
func (p *pager) of(name alert) (list []change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.changes[name] {
		list = append(list, change{c.at.Truncate(time.Second), c.firing})
	}
	return list
}
