package alertmanager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/alertmanager/pkg/labels"
	"github.com/prometheus/common/model"
)

// BySilence and ByAlert say what mutes an alert: a silence, by its id, or another
// alert that inhibits it, by its fingerprint.
func BySilence(id string) string { return "silence " + id }

// ByAlert is as BySilence.
func ByAlert(fingerprint string) string { return "alert " + fingerprint }

// mutes are what an Alertmanager said of what it mutes, at a time.
type mutes struct {
	at       time.Time
	silences []silence
	// inhibited are fingerprints of alerts, with those of the alerts that inhibit
	// them.
	inhibited map[string]string
}

// silence is one that has not ended.
type silence struct {
	id           string
	starts, ends time.Time
	matchers     labels.Matchers
}

// by is what mutes an alert at a time.
func (m *mutes) by(set model.LabelSet, now time.Time) (by string, muted bool) {
	for _, s := range m.silences {
		if !now.Before(s.starts) && now.Before(s.ends) && s.matchers.Matches(set) {
			return BySilence(s.id), true
		}
	}
	if by, inhibited := m.inhibited[set.Fingerprint().String()]; inhibited {
		return ByAlert(by), true
	}
	return "", false
}

// silenceJSON is a silence as API v2 writes it, as far as it matters here.
type silenceJSON struct {
	ID     string `json:"id"`
	Status struct {
		State string `json:"state"`
	} `json:"status"`
	StartsAt time.Time     `json:"startsAt"`
	EndsAt   time.Time     `json:"endsAt"`
	Matchers []matcherJSON `json:"matchers"`
}

type matcherJSON struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual"` // Alertmanager before 0.22 leaves it out: true
}

var errNoMatchers = errors.New("it has no matchers")

func (j silenceJSON) silence() (silence, error) {
	s := silence{id: j.ID, starts: j.StartsAt, ends: j.EndsAt}
	if len(j.Matchers) == 0 {
		return s, errNoMatchers
	}
	for _, m := range j.Matchers {
		matcher, err := m.matcher()
		if err != nil {
			return s, err
		}
		s.matchers = append(s.matchers, matcher)
	}
	return s, nil
}

func (j matcherJSON) matcher() (*labels.Matcher, error) {
	kinds := map[[2]bool]labels.MatchType{
		{false, true}: labels.MatchEqual, {false, false}: labels.MatchNotEqual,
		{true, true}: labels.MatchRegexp, {true, false}: labels.MatchNotRegexp,
	}
	return labels.NewMatcher(kinds[[2]bool{j.IsRegex, j.IsEqual == nil || *j.IsEqual}], j.Name, j.Value)
}

// alertJSON is an alert as API v2 writes it, as far as it matters here.
type alertJSON struct {
	Fingerprint string `json:"fingerprint"`
	Status      struct {
		InhibitedBy []string `json:"inhibitedBy"`
	} `json:"status"`
}

// onlyInhibited asks for the alerts that are inhibited, and not for those that
// are silenced as well: the silence is known by itself.
var onlyInhibited = url.Values{
	"active": {"false"}, "silenced": {"false"}, "unprocessed": {"false"}, "inhibited": {"true"},
}

// mutes asks for what the Alertmanager mutes. A silence that cannot be read is
// left out, and told in doubts.
func (r *Remote) mutes(ctx context.Context, now time.Time) (m *mutes, doubts string, err error) {
	var silences []silenceJSON
	if err := r.get(ctx, "api/v2/silences", nil, &silences); err != nil {
		return nil, "", err
	}
	var alerts []alertJSON
	if err := r.get(ctx, "api/v2/alerts", onlyInhibited, &alerts); err != nil {
		return nil, "", err
	}
	m = &mutes{at: now, inhibited: map[string]string{}}
	for _, one := range silences {
		if one.Status.State == "expired" {
			continue
		}
		s, err := one.silence()
		if err != nil {
			doubts += fmt.Sprintf("%s: %v; ", one.ID, err)
			continue
		}
		m.silences = append(m.silences, s)
	}
	for _, one := range alerts {
		if by := one.Status.InhibitedBy; len(by) > 0 {
			m.inhibited[one.Fingerprint] = strings.Join(by, ", ")
		}
	}
	return m, doubts, nil
}

// maxAnswer bounds what is read of an answer, in bytes: some ten thousand alerts.
const maxAnswer = 32 << 20

// get asks for a document.
func (r *Remote) get(ctx context.Context, path string, query url.Values, into any) error {
	u := r.base.JoinPath(path)
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return fmt.Errorf("get %s: %w", path, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "slo-engine")
	resp, err := r.client.Do(req)
	if err != nil {
		return fmt.Errorf("get %s: %w", path, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("get %s: %w", path, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("get %s: alertmanager answered %s: %s", path, resp.Status, strings.TrimSpace(string(body[:min(len(body), bodyExcerpt)])))
	case len(body) > maxAnswer:
		return fmt.Errorf("get %s: the answer is longer than %d bytes", path, maxAnswer)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("get %s: decode the answer: %w", path, err)
	}
	return nil
}
