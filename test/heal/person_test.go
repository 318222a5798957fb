package heal

import (
	"fmt"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/test/lab"
)

// A person changes the weights while an action holds them: what they did stays,
// and people are told.
func TestAPersonIsNotOverwritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1, terms{on: "heal"})
	w.warmUp()
	l := w.lanes[0]
	w.shatter(l)
	w.reaches(l, 1, patience, "held")
	if answer, err := say(w.Socket, fmt.Sprintf("set weight %s/v1 77", l.name)); err != nil || answer != "" {
		t.Fatalf("a person is answered %q, %v", answer, err)
	}
	theirs := w.weights(l)
	w.mend(l)
	a := w.reaches(l, 1, patience, "contested")
	if got := w.weights(l); got != theirs {
		t.Errorf("a person's %s became %s", theirs, got)
	}
	lab.Eventually(t, patience, func() error {
		list, err := ask[apitypes.AlertList](w.engines[0].URL + "/api/v1/alerts")
		if err != nil {
			return err
		}
		for _, alert := range list.Alerts {
			if alert.Labels["alertname"] == "RemediationNeedsAttention" && alert.Labels["action"] == a.ID && alert.State == "firing" {
				return nil
			}
		}
		return fmt.Errorf("no alert about action %s among %d", a.ID, len(list.Alerts))
	})
}

// A gateway that takes connections and answers nothing gets a named reason, and
// holds up nothing else; when it answers again, it is healed.
func TestAGatewayThatHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 1, 1, terms{on: "heal"})
	w.warmUp()
	l := w.lanes[0]
	w.door.shut(true)
	w.shatter(l)
	lab.Eventually(t, patience, func() error {
		list, err := ask[apitypes.RemediationList](w.engines[0].URL + "/api/v1/remediations")
		if err != nil {
			return err
		}
		for _, held := range list.Remediations[0].HeldBack {
			if held.Reason == "gateway_unavailable" {
				return nil
			}
		}
		return fmt.Errorf("nothing says that the gateway is not available: %+v", list.Remediations[0].HeldBack)
	})
	w.door.shut(false)
	w.reaches(l, 1, patience, "held")
	if !l.calm(time.Second) {
		t.Errorf("%s is still bad", l.name)
	}
	w.mend(l)
	w.undone(l, 1)
}
