package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// engine is the public API of the engine under demonstration.
type engine struct {
	cast   cast
	url    string
	client *http.Client
}

func newEngine(url string, c cast) *engine {
	return &engine{cast: c, url: url, client: newClient(2, 5*time.Second)}
}

func (e *engine) close() { e.client.CloseIdleConnections() }

// status is one SLO instance as GET /api/v1/slos tells it; nil is not known.
type status struct {
	ID        string              `json:"id"`
	Service   string              `json:"service"`
	SLO       string              `json:"slo"`
	Group     map[string]string   `json:"group"`
	State     string              `json:"state"`
	Good      *float64            `json:"good_events"`
	Total     *float64            `json:"total_events"`
	Remaining *float64            `json:"error_budget_remaining"`
	Burn      map[string]*float64 `json:"burn_rates"`
	Alerts    []alert             `json:"alerts"`
	LastEvent *time.Time          `json:"last_event"`
	UpdatedAt *time.Time          `json:"updated_at"`
}

// alert is one alert of a status.
type alert struct {
	Severity string    `json:"severity"`
	Tier     string    `json:"tier"`
	State    string    `json:"state"`
	Since    time.Time `json:"since"`
}

// action is one action at a gateway as GET /api/v1/actions tells it; nil is not
// known.
type action struct {
	State   string     `json:"state"`
	Reason  string     `json:"reason"`
	Note    string     `json:"note"`
	What    string     `json:"what"`
	Gateway string     `json:"gateway"`
	Effect  string     `json:"effect"`
	Since   *time.Time `json:"alert_since"`
	Created *time.Time `json:"created_at"`
	Entered *time.Time `json:"entered_at"`
	Acted   *time.Time `json:"acted_at"`
	Expires *time.Time `json:"expires_at"`
	Saved   *float64   `json:"saved_events"`
}

// delivery is one alert as Alertmanager's API v2 tells it.
type delivery struct {
	Labels map[string]string `json:"labels"`
	EndsAt time.Time         `json:"endsAt"`
}

// awaitReady polls /-/ready until it answers 200, for at most patience.
func (e *engine) awaitReady(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := e.get(ctx, "/-/ready", nil, nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotReady, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// look reads the demo's SLOs, the critical alerts in Alertmanager, and what the
// engine does about them.
func (e *engine) look(ctx context.Context) (view, error) {
	var answer struct {
		SLOs []status `json:"slos"`
	}
	if err := e.get(ctx, "/api/v1/slos", nil, &answer); err != nil {
		return view{}, err
	}
	var held []delivery
	if err := e.get(ctx, "/alertmanager/api/v2/alerts", url.Values{"filter": {`severity="critical"`}}, &held); err != nil {
		return view{}, err
	}
	v := newView(e.cast, answer.SLOs, held, time.Now())
	var done struct {
		Actions []action `json:"actions"` // the newest first
	}
	if err := e.get(ctx, "/api/v1/actions", url.Values{"service": {e.cast.service}, "limit": {"1"}}, &done); err != nil {
		return view{}, err
	}
	if len(done.Actions) > 0 {
		v.action = &done.Actions[0]
	}
	return v, nil
}

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 16 << 20

// get reads JSON into answer, unless that is nil.
func (e *engine) get(ctx context.Context, path string, query url.Values, answer any) error {
	address := e.url + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	response, err := e.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read %s: %w", address, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s: %.200s", address, response.Status, body)
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(body, answer); err != nil {
		return fmt.Errorf("decode %s: %w", address, err)
	}
	return nil
}
