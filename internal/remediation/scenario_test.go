package remediation_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/internal/actuator"
	"github.com/slo-engine/slo-engine/internal/remediation"
)

var update = flag.Bool("update", false, "write the golden files anew")

// event is something that happens at a time of a scenario.
type event struct {
	at time.Duration
	do func(t *testing.T, w *world, e *engine)
}

type scenario struct {
	about string
	// edit changes the playbook, old text by new.
	edit []string
	set  func(w *world)
	// events are in order.
	events []event
	until  time.Duration
}

const sec = time.Second

// only is the only record there is.
func only(t *testing.T, w *world) remediation.Record {
	t.Helper()
	list := w.records(t)
	if len(list) != 1 {
		t.Fatalf("there are %d records", len(list))
	}
	return list[0]
}

func fault(from, to time.Duration) func(*world) {
	return func(w *world) { w.faulty = []span{{from, to}} }
}

// others are alerts of other services that all begin at a time.
func others(n int, at time.Duration) (list []remediation.Alert) {
	for i := range n {
		list = append(list, remediation.Alert{
			Fingerprint: fmt.Sprint("other", i), Since: start.Add(at), Ours: true,
			Labels: map[string]string{"service": fmt.Sprint("s", i), "zone": "b", "severity": "critical", "tier": "page_fast", "slo_id": fmt.Sprintf("s%d:x", i)},
		})
	}
	return list
}

var scenarios = map[string]scenario{
	"heals": {
		about: "v2 fails; its traffic goes to v1; that helps; v2 is put right, and gets its traffic back in two steps.",
		set:   fault(5*sec, 40*sec), until: 90 * sec,
	},
	"worse": {
		about: "v1 fails, too, once it has the traffic: the action makes it worse, and is taken back at once.",
		set: func(w *world) {
			w.faulty, w.everywhere = []span{{5 * sec, 60 * sec}}, []span{{8 * sec, 60 * sec}}
		},
		until: 80 * sec,
	},
	"second_action": {
		about: "the first action does not help; the second one is tried, without the cooldown.",
		edit:  []string{"  guards:", "    - haproxy: {backend: checkout, shift: {from: v1, to: v2, percent: 20%}}\n  guards:"},
		set: func(w *world) {
			w.faulty, w.everywhere = []span{{5 * sec, 34 * sec}}, []span{{8 * sec, 34 * sec}}
		},
		until: 80 * sec,
	},
	"no_difference": {
		about: "both versions fail alike: nothing is shifted.",
		set: func(w *world) {
			w.faulty, w.everywhere = []span{{5 * sec, 20 * sec}}, []span{{5 * sec, 20 * sec}}
		},
		until: 30 * sec,
	},
	"relapses": {
		about: "v2 is still broken when it gets traffic back. Each try waits twice as long as the one before; after three the action is held and people are called. One of them undoes it.",
		set:   fault(5*sec, time.Hour), until: 200 * sec,
		events: []event{{180 * sec, func(t *testing.T, w *world, e *engine) {
			w.faulty = nil
			if _, err := e.Undo(t.Context(), only(t, w).ID, "ann", "v2 is rolled back"); err != nil {
				t.Fatal(err)
			}
		}}},
	},
	"contested": {
		about: "a person changes the weights while the action holds: hands off.",
		edit:  []string{"after: 10s", "after: 40s"},
		set:   fault(5*sec, 60*sec), until: 90 * sec,
		events: []event{{25 * sec, func(_ *testing.T, w *world, _ *engine) { w.gate.person(weights{"v1": 90, "v2": 10}) }}},
	},
	"contested_in_undo": {
		about: "a person changes the weights between two steps of the undo: hands off.",
		set:   fault(5*sec, 20*sec), until: 60 * sec,
		events: []event{{26 * sec, func(_ *testing.T, w *world, _ *engine) { w.gate.person(byHand) }}},
	},
	"forgets": {
		about: "the gateway restarts and forgets the action.",
		edit:  []string{"after: 10s", "after: 40s"},
		set:   fault(5*sec, 22*sec), until: 60 * sec,
		events: []event{{25 * sec, func(_ *testing.T, w *world, _ *engine) { w.gate.person(weights{"v1": 50, "v2": 50}) }}},
	},
	"approved": {
		about: "a person says yes.",
		edit:  []string{"  lease", "  approval: required\n  lease"},
		set:   fault(5*sec, 40*sec), until: 90 * sec,
		events: []event{{12 * sec, func(t *testing.T, w *world, e *engine) {
			if _, err := e.Approve(t.Context(), only(t, w).ID, "ann", "go ahead"); err != nil {
				t.Fatal(err)
			}
			if _, err := e.Reject(t.Context(), only(t, w).ID, "bob", ""); !errors.Is(err, remediation.ErrState) {
				t.Errorf("rejected after the approval: %v", err)
			}
		}}},
	},
	"no_answer": {
		about: "nobody answers: that is a no.",
		edit:  []string{"  lease", "  approval: required\n  lease"},
		set:   fault(5*sec, time.Hour), until: 16 * time.Minute,
	},
	"rejected": {
		about: "a person says no.",
		edit:  []string{"  lease", "  approval: required\n  lease"},
		set:   fault(5*sec, 30*sec), until: 30 * sec,
		events: []event{{12 * sec, func(t *testing.T, w *world, e *engine) {
			if _, err := e.Reject(t.Context(), only(t, w).ID, "bob", "it is a test"); err != nil {
				t.Fatal(err)
			}
		}}},
	},
	"dry_run": {
		about: "what would be done is said, and not done.",
		edit:  []string{"  lease", "  dryRun: true\n  lease"},
		set:   fault(5*sec, 20*sec), until: 30 * sec,
	},
	"paused": {
		about: "somebody pulls the kill switch while the action holds; it is not undone until it is let go.",
		set:   fault(5*sec, 30*sec), until: 120 * sec,
		events: []event{
			{20 * sec, func(t *testing.T, _ *world, e *engine) {
				if err := e.Pause(t.Context(), "ann", "maintenance"); err != nil {
					t.Fatal(err)
				}
			}},
			{80 * sec, func(t *testing.T, _ *world, e *engine) {
				if err := e.Resume(t.Context(), "ann", ""); err != nil {
					t.Fatal(err)
				}
			}},
		},
	},
	"muted": {
		about: "a silence holds remediation as it holds the page.",
		set: func(w *world) {
			w.faulty, w.muted = []span{{5 * sec, 20 * sec}}, "silence 7f3a"
		},
		until: 30 * sec,
	},
	"storm": {
		about: "five services begin to alert within a minute, all in one zone: nothing is done for any of them.",
		set: func(w *world) {
			w.faulty, w.more = []span{{5 * sec, 20 * sec}}, others(5, 2*sec)
		},
		until: 30 * sec,
	},
	"own_alert": {
		about: "an alert of this engine comes back through a webhook.",
		set: func(w *world) {
			w.more = []remediation.Alert{{Fingerprint: "f00", Since: start, Labels: map[string]string{
				"service": "checkout", "severity": "critical", "tier": "heal", "slo_id": instance,
			}}}
		},
		until: 5 * sec,
	},
	"dark_after_acting": {
		about: "the evidence ends while the action holds: that is no recovery. It is undone when the lease ends, for want of a reason to keep it.",
		set: func(w *world) {
			w.faulty, w.dark = []span{{5 * sec, 40 * sec}}, []span{{15 * sec, time.Hour}}
		},
		until: 300 * sec,
	},
	"dark_before": {
		about: "nothing is known: no reason to act.",
		set: func(w *world) {
			w.faulty, w.dark = []span{{5 * sec, time.Hour}}, []span{{8 * sec, time.Hour}}
		},
		until: 30 * sec,
	},
	"missing_target": {
		about: "the playbook names a member that the gateway does not have.",
		edit:  []string{"from: v2", "from: v9"},
		set:   fault(5*sec, 20*sec), until: 30 * sec,
	},
	"uncertain": {
		about: "the gateway does not answer, and has written all the same, four seconds later.",
		set: func(w *world) {
			w.faulty = []span{{5 * sec, 40 * sec}}
			once := false
			w.gate.fault = func(call string) (time.Duration, error) {
				if call != "write" || once {
					return 0, nil
				}
				once = true
				return 4 * sec, fmt.Errorf("write: %w", actuator.ErrUncertain)
			}
		},
		until: 90 * sec,
	},
	"away": {
		about: "the gateway is away for ten seconds.",
		set: func(w *world) {
			w.faulty = []span{{5 * sec, 40 * sec}}
			w.gate.fault = func(call string) (time.Duration, error) {
				if call == "write" && w.now().Before(start.Add(18*sec)) {
					return 0, fmt.Errorf("write: %w", actuator.ErrUnavailable)
				}
				return 0, nil
			}
		},
		until: 90 * sec,
	},
	"refused": {
		about: "the gateway understands and says no.",
		set: func(w *world) {
			w.faulty = []span{{5 * sec, 20 * sec}}
			w.gate.fault = func(call string) (time.Duration, error) {
				if call == "write" {
					return 0, fmt.Errorf("write: %w: weight out of range", actuator.ErrRefused)
				}
				return 0, nil
			}
		},
		until: 30 * sec,
	},
	"deaf": {
		about: "the gateway says yes and does nothing.",
		set: func(w *world) {
			w.faulty = []span{{5 * sec, 200 * sec}}
			w.gate.deaf = true
		},
		until: 160 * sec,
	},
	"undone_by_person": {
		about: "a person wants it undone in the middle of its own undo: in one step, from where it stands.",
		edit:  []string{"every: 5s", "every: 60s"},
		set:   fault(5*sec, 30*sec), until: 60 * sec,
		events: []event{{48 * sec, func(t *testing.T, w *world, e *engine) {
			if _, err := e.Undo(t.Context(), only(t, w).ID, "ann", "enough"); err != nil {
				t.Fatal(err)
			}
		}}},
	},
	"elsewhere": {
		about: "somebody else's alert names a node; its traffic goes away. Nothing proves that it helps: it is held while the alert fires, and taken back when it has ended.",
		edit:  elsewhere,
		events: []event{
			told(5*sec, retransmits("v2", 3*sec, 0)), told(20*sec, retransmits("v2", 3*sec, 0)),
			told(30*sec, retransmits("v2", 3*sec, 29*sec)), told(31*sec, retransmits("v2", 3*sec, 0)),
		},
		until: 90 * sec,
	},
	"elsewhere_again": {
		about: "what an earlier message says that comes late changes nothing; another alert of the node is another reason, after the cooldown.",
		edit:  elsewhere,
		events: []event{
			told(5*sec, retransmits("v2", 3*sec, 4*sec)), told(6*sec, retransmits("v2", 3*sec, 0)),
			told(10*sec, retransmits("v2", 9*sec, 0)), told(12*sec, retransmits("v2", 9*sec, 11*sec)),
			told(40*sec, retransmits("v2", 39*sec, 0)), told(100*sec, retransmits("v2", 39*sec, 90*sec)),
		},
		until: 160 * sec,
	},
	"elsewhere_silent": {
		about:  "nobody says any more that it fires, or that it has ended: it is stale, and the lease is not renewed for that.",
		edit:   append([]string{"lease: 2m", "lease: 15s"}, elsewhere...),
		events: []event{told(5*sec, retransmits("v2", 3*sec, 0))},
		until:  160 * sec,
	},
	"elsewhere_long": {
		about:  "it is undone long after it has ended, when nobody remembers the alert.",
		edit:   append([]string{"after: 10s", "after: 60s"}, elsewhere...),
		events: []event{told(5*sec, retransmits("v2", 3*sec, 0)), told(10*sec, retransmits("v2", 3*sec, 9*sec))},
		until:  120 * sec,
	},
	"elsewhere_witness": {
		about:  "the playbook names an SLO as the witness: an alert from elsewhere is acted on when that burns, and what it does is proved.",
		edit:   append([]string{"verify: {", "verify: {slo: checkout/availability, "}, elsewhere...),
		set:    fault(10*sec, 40*sec),
		events: []event{told(5*sec, retransmits("v2", 3*sec, 0)), told(50*sec, retransmits("v2", 3*sec, 50*sec))},
		until:  90 * sec,
	},
	"elsewhere_odd": {
		about: "alerts that began too long ago, or have not begun, or have no member start nothing.",
		edit:  elsewhere,
		events: []event{told(5*sec, retransmits("v1", -30*time.Hour, 0), retransmits("v2", 10*time.Minute, 0), func() remediation.Inbound {
			in := retransmits("v3", 4*sec, 0)
			in.Labels["node"] = ""
			return in
		}())},
		until: 20 * sec,
	},
	"at_stake": {
		about: "if the action failed, more of the budget would be spent than the playbook allows: it is held, until all that it touches fails anyway.",
		edit:  []string{"cooldown: 1m,", "cooldown: 1m, maxBudgetAtStake: 10%,", "percent: auto", "percent: 100%", "minEvents: 10", "minEvents: 400"},
		set: func(w *world) {
			left := 1000.0
			w.faulty, w.left = []span{{5 * sec, 20 * sec}}, &left
		},
		until: 30 * sec,
	},
	"lease_renewed": {
		about: "the alert goes on for other reasons; what helped is held, and renewed, as long as it does. The lease is what ends it.",
		edit:  []string{"after: 10s", "when: leaseEnds, after: 10s", "lease: 2m", "lease: 30s"},
		set: func(w *world) {
			w.faulty, w.firing = []span{{5 * sec, 40 * sec}}, []span{{5 * sec, 70 * sec}}
		},
		until: 150 * sec,
	},
}

// elsewhere is a playbook for an alert that somebody else raises about a node.
var elsewhere = []string{
	`['service="checkout"', 'tier=~"heal|page_fast"']`, `['alertname="Retransmits"']`,
	"{from: v2, to: v1, percent: auto, by: version}", "{fromLabel: node, to: v1, percent: 100%}",
}

// retransmits is told of a node that has begun to alert at a time; ends, too,
// if that is not 0.
func retransmits(node string, begins, ends time.Duration) remediation.Inbound {
	in := remediation.Inbound{
		Fingerprint: "00000000000000" + node, StartsAt: start.Add(begins),
		Labels: map[string]string{"alertname": "Retransmits", "node": node, "severity": "critical"},
	}
	if ends != 0 {
		in.EndsAt = start.Add(ends)
	}
	return in
}

// told is an event: others say what they know.
func told(at time.Duration, alerts ...remediation.Inbound) event {
	return event{at, func(t *testing.T, w *world, _ *engine) {
		if _, err := w.inbox.Take(t.Context(), alerts); err != nil {
			t.Fatal(err)
		}
	}}
}

func TestScenarios(t *testing.T) {
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.books = playbooks(t, strings.NewReplacer(s.edit...).Replace(playbook))
			w.inbox = w.hears(t, remediation.InboxOptions{StaleAfter: time.Minute, Keep: 20 * sec})
			if s.set != nil {
				s.set(w)
			}
			e := w.engine(t, "a", 0, false)
			for _, next := range s.events {
				e.run(start.Add(next.at).Sub(e.now()))
				next.do(t, w, e)
			}
			e.run(start.Add(s.until).Sub(e.now()))
			golden(t, name, s.about+"\n\n"+w.transcript(t)+"\nat the gateway: "+w.gate.current()+"\n")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}
