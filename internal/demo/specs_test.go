package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slo-engine/slo-engine/pkg/slo"
)

// The documents load without a complaint, and they are what the plan counts
// with.
func TestSpecsAreThePlans(t *testing.T) {
	for _, test := range []struct {
		text string
		cast cast
		by   string
	}{{shopSpecs, shopCast, "service_version"}, {proxySpecs, proxyCast, "server"}} {
		var playbooks []*slo.Remediation
		loaded, problems := slo.Loader{Remediations: &playbooks}.Load(slo.File{Name: "shop.yaml", Data: specs(test.text, "127.0.0.1:9999")})
		if len(problems) > 0 {
			t.Fatalf("the demo's documents have problems: %v", problems)
		}
		var ids []string
		for _, s := range loaded {
			ids = append(ids, s.ID())
			checkSpec(t, s)
		}
		if diff := cmp.Diff(test.cast.slos, ids); diff != "" {
			t.Errorf("SLOs (-want +got):\n%s", diff)
		}
		if len(playbooks) != 1 || playbooks[0].Remedies[0].By != test.by || playbooks[0].Undo.After != 10*time.Second || playbooks[0].Undo.Every != 5*time.Second {
			t.Errorf("playbooks %+v", playbooks)
		}
	}
}

func checkSpec(t *testing.T, s *slo.Spec) {
	p := mustPlan(t)
	if s.Objective.Budget() != p.budget {
		t.Errorf("%s has a budget of %v, the plan says %v", s.ID(), s.Objective.Budget(), p.budget)
	}
	if s.Window.Rolling != 24*time.Hour {
		t.Errorf("%s has window %s, the plan's tiers are those of 1d", s.ID(), s.Window)
	}
	if s.SLI.Latency != nil && s.SLI.Latency.Below.Seconds() != slowAbove {
		t.Errorf("%s is good below %s, the shop says %v s", s.ID(), s.SLI.Latency.Below, slowAbove)
	}
}

func TestHeaderSaysWhereToLook(t *testing.T) {
	var b strings.Builder
	s := &shop{
		front:  &server{url: "http://127.0.0.1:1"},
		behind: []*server{{url: "http://127.0.0.1:2"}, {url: "http://127.0.0.1:3"}},
	}
	rented := premises(t)
	o := Options{Premises: rented, EngineURL: "http://127.0.0.1:4", OTLPGRPC: "127.0.0.1:5", OTLPHTTP: "127.0.0.1:6"}
	(&timeline{out: &b, plan: mustPlan(t)}).header(o, s)
	for _, want := range []string{
		"At most 3m0s", "gateway      http://127.0.0.1:1", "v1  http://127.0.0.1:2  OTLP over gRPC to 127.0.0.1:5",
		"v2  http://127.0.0.1:3  OTLP over HTTP to 127.0.0.1:6", "curl -s http://127.0.0.1:4/api/v1/slos\n",
		"-w '%{http_code}\\n'", "window of 1d", "0.4 · t / 10 s >\n17.28 · 0.5 % makes it 2.2 s", "would fire after 21.6 s",
		"its control  " + rented.control.Addr().String(),
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the header does not say %q", want)
		}
	}
	if strings.Contains(b.String(), "%!") {
		t.Error("the header has a broken verb")
	}
	if t.Failed() {
		t.Log(b.String())
	}
}
