package syncwindow

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

var noon = time.Date(2026, 11, 22, 12, 0, 30, 0, time.UTC)

// project is what a cluster has of one, as far as windows are concerned.
type project struct {
	windows []any // nil: the field is not there
	writes  int
}

// apply does what a JSON patch says.
func (p *project) apply(t *testing.T, ops []operation) {
	t.Helper()
	p.writes++
	if ops[0].Op != "test" || ops[0].Path != "/metadata/resourceVersion" {
		t.Fatalf("the patch begins with %+v: it holds for any version", ops[0])
	}
	for _, op := range ops[1:] {
		name, nested := strings.CutPrefix(op.Path, windowsPath+"/")
		i, _ := strconv.Atoi(name)
		switch {
		case op.Op == "add" && name == "-":
			p.windows = append(p.windows, roundTrip(t, op.Value))
		case op.Op == "add" && !nested:
			p.windows = roundTrip(t, op.Value).([]any)
		case op.Op == "remove" && !nested:
			p.windows = nil
		case op.Op == "remove":
			p.windows = slices.Delete(p.windows, i, i+1)
		case op.Op == "replace":
			p.windows[i] = roundTrip(t, op.Value)
		default:
			t.Fatalf("unknown operation %+v", op)
		}
	}
}

// roundTrip is a value as it comes out of a cluster again.
func roundTrip(t *testing.T, v any) (out any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bed is a Reconciler with a project, a clock, and gates that say what they are told.
type bed struct {
	*Reconciler
	t       *testing.T
	project project
	now     time.Time
	says    map[string]slo.GateDecision // by key
}

func newBed(t *testing.T, windows ...Window) *bed {
	t.Helper()
	r, err := New(Config{Project: "shop", Windows: windows}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &bed{Reconciler: r, t: t, now: noon, says: map[string]slo.GateDecision{}}
}

// step is Step without a cluster.
func (b *bed) step(after time.Duration) {
	b.t.Helper()
	b.now = b.now.Add(after)
	for _, w := range b.config.Windows {
		b.memories[w.key()].hear(b.says[w.key()], "3 % of the budget is left", b.now, b.config.Settle)
	}
	changes := b.plan(b.project.windows, b.now)
	again := b.plan(b.project.windows, b.now)
	if fmt.Sprint(again) != fmt.Sprint(changes) {
		b.t.Fatalf("asked twice it plans\n%v\nthen\n%v", changes, again)
	}
	if len(changes) == 0 {
		return
	}
	b.project.apply(b.t, patch("7", len(b.project.windows), changes))
	b.options.Now = func() time.Time { return b.now }
	b.wrote(changes)
}

// only is the one window there is.
func (b *bed) only() map[string]any {
	b.t.Helper()
	if len(b.project.windows) != 1 {
		b.t.Fatalf("there are %d windows, want one: %v", len(b.project.windows), b.project.windows)
	}
	return b.project.windows[0].(map[string]any)
}

func (b *bed) wantNone() {
	b.t.Helper()
	if len(b.project.windows) != 0 {
		b.t.Fatalf("there are windows: %v", b.project.windows)
	}
}

var checkout = Window{Service: "checkout", Environment: "prod", Applications: []string{"checkout-*", "cart"}}
