package webhook

import (
	"encoding/json"
	"fmt"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/hook"
)

// The types of events.
const (
	typeDo   = "dev.slo-engine.action.do"
	typeUndo = "dev.slo-engine.action.undo"
)

// event is a message as it is sent: it is the same, to the byte, each time.
type event struct {
	id   string
	body []byte
}

// eventFor leads from one value to another: do, where there was nothing, else
// undo.
func (a *Actuator) eventFor(action, subject string, from, to actuator.Value) (event, error) {
	e := cloudevents.New(cloudevents.CloudEventsVersionV1)
	kind, suffix, data := typeDo, ".do", to
	if actuator.Same(to, actuator.Absent) {
		kind, suffix, data = typeUndo, ".undo", from
	}
	e.SetID(action + suffix)
	e.SetType(kind)
	e.SetSource(a.c.Source)
	e.SetSubject(subject)
	if action != "" {
		e.SetExtension("action", action)
	}
	if err := e.SetData(cloudevents.ApplicationJSON, json.RawMessage(data)); err != nil {
		return event{}, fmt.Errorf("make event: %w: %w", actuator.ErrRefused, err)
	}
	body, err := json.Marshal(e)
	if err != nil {
		return event{}, fmt.Errorf("make event: %w: %w", actuator.ErrRefused, err)
	}
	return event{e.ID(), body}, nil
}

// request is the event as people read it; what depends on the moment is left
// out.
func (a *Actuator) request(e event) actuator.Request {
	return actuator.Request{
		Line:    "POST " + shown(a.c.URL),
		Headers: []string{"Content-Type: " + cloudevents.ApplicationCloudEventsJSON, hook.HeaderID + ": " + e.id},
		Body:    string(e.body),
	}
}

// subjectOf names what an event is about: service/playbook, as far as it says.
func subjectOf(data json.RawMessage) string {
	var about struct{ Service, Playbook string }
	_ = json.Unmarshal(data, &about) // what is not there is not said
	switch {
	case about.Service == "" && about.Playbook == "":
		return "all"
	case about.Service == "" || about.Playbook == "":
		return about.Service + about.Playbook
	}
	return about.Service + "/" + about.Playbook
}
