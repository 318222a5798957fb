package inbound

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/slo-engine/slo-engine/internal/remediation"
)

// Bounds of a message.
const (
	maxAlerts      = 10_000
	maxLabels      = 64
	maxName        = 256
	maxValue       = 4 << 10
	maxLabelBytes  = 16 << 10 // names and values of one alert
	maxAnnotations = 16 << 10 // what is beyond is left out
	maxText        = 2 << 10  // of the generator's URL
)

// message is what Alertmanager sends. What it says about the group is said by
// its alerts as well.
type message struct {
	Version string `json:"version"`
	Alerts  alerts `json:"alerts"`
}

// alert is one of them.
type alert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

// alerts are read one by one: a list of a million empty ones is small, and must
// not become large. One that is no alert does not keep the others from being
// read.
type alerts []json.RawMessage

// UnmarshalJSON reads the list.
func (a *alerts) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if begin, err := d.Token(); err != nil || begin != json.Delim('[') {
		return fmt.Errorf("alerts is not a list")
	}
	for d.More() {
		if len(*a) == maxAlerts {
			return fmt.Errorf("it has more than %d alerts: set max_alerts in Alertmanager's webhook_config", maxAlerts)
		}
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return err
		}
		*a = append(*a, one)
	}
	return nil
}

// received is a message that was read.
type received struct {
	alerts []remediation.Inbound
	bad    []badAlert
	total  int
}

// badAlert is one that cannot be.
type badAlert struct {
	Alert   int    `json:"alert"` // its place in the message, from 0
	Problem string `json:"problem"`
}

// decode reads a message. What nobody here knows is no mistake: Alertmanager adds
// fields.
func decode(body []byte, now time.Time, from string) (got received, p *problem) {
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return got, invalid("the body is not a message of Alertmanager's webhook: " + err.Error())
	}
	if m.Version != "4" {
		return got, invalid(fmt.Sprintf("version is %q, and only 4 is known: send Alertmanager's own payload, not one of your own", cut(m.Version, 20)))
	}
	got.total = len(m.Alerts)
	for i, text := range m.Alerts {
		in, err := read(text, now)
		if err != nil {
			got.bad = append(got.bad, badAlert{i, err.Error()})
			continue
		}
		in.From = from
		got.alerts = append(got.alerts, in)
	}
	return got, nil
}

// read reads one alert.
func read(text []byte, now time.Time) (in remediation.Inbound, err error) {
	var a alert
	if err := json.Unmarshal(text, &a); err != nil {
		return in, fmt.Errorf("is no alert: %w", err)
	}
	if err := a.check(now); err != nil {
		return in, err
	}
	in = remediation.Inbound{
		Fingerprint: a.fingerprint(), Labels: a.Labels, Annotations: a.annotations(), StartsAt: a.StartsAt.UTC(),
		GeneratorURL: cut(a.GeneratorURL, maxText),
	}
	switch {
	case a.Status == "resolved" && a.EndsAt.IsZero():
		in.EndsAt = now.UTC()
	case a.Status == "resolved" || !a.EndsAt.IsZero() && !a.EndsAt.After(now):
		in.EndsAt = a.EndsAt.UTC()
	default:
		in.Until = a.EndsAt.UTC()
	}
	return in, nil
}

// check says why an alert cannot be one.
func (a *alert) check(now time.Time) error {
	maps.DeleteFunc(a.Labels, func(_, value string) bool { return value == "" })
	size := 0
	for name, value := range a.Labels {
		size += len(name) + len(value)
		switch {
		case name == "" || len(name) > maxName:
			return fmt.Errorf("a label's name has %d bytes, and may have 1 to %d", len(name), maxName)
		case len(value) > maxValue:
			return fmt.Errorf("label %s has %d bytes, and may have %d", name, len(value), maxValue)
		}
	}
	switch {
	case len(a.Labels) == 0:
		return fmt.Errorf("it has no labels")
	case len(a.Labels) > maxLabels:
		return fmt.Errorf("it has %d labels, and may have %d", len(a.Labels), maxLabels)
	case size > maxLabelBytes:
		return fmt.Errorf("its labels have %d bytes, and may have %d", size, maxLabelBytes)
	case a.Status != "firing" && a.Status != "resolved":
		return fmt.Errorf("its status is %q, not firing or resolved", cut(a.Status, 20))
	case a.StartsAt.IsZero():
		return fmt.Errorf("startsAt is missing")
	case !sane(a.StartsAt, now) || !a.EndsAt.IsZero() && !sane(a.EndsAt, now):
		return fmt.Errorf("startsAt and endsAt must be between 1970 and a hundred years from now")
	}
	return nil
}

// sane reports whether a time is one that somebody can mean.
func sane(t, now time.Time) bool {
	return !t.Before(time.Unix(0, 0)) && t.Before(now.AddDate(100, 0, 0))
}

// fingerprint is Alertmanager's, where it looks like one, else that of the
// labels, computed alike.
func (a *alert) fingerprint() string {
	if f, err := model.ParseFingerprint(a.Fingerprint); err == nil && f.String() == a.Fingerprint {
		return a.Fingerprint
	}
	set := make(model.LabelSet, len(a.Labels))
	for name, value := range a.Labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}

// annotations are as many as may be kept.
func (a *alert) annotations() map[string]string {
	kept, size := map[string]string{}, 0
	for _, name := range slices.Sorted(maps.Keys(a.Annotations)) {
		if more := len(name) + len(a.Annotations[name]); size+more <= maxAnnotations && len(kept) < maxLabels {
			kept[name], size = a.Annotations[name], size+more
		}
	}
	return kept
}

// cut is the beginning of a text.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return string([]rune(text[:most]))
}
