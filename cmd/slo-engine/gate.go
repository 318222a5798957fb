package main

import (
	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

// gateCmd is what pipelines and people ask the release gate.
type gateCmd struct {
	Ask        gateAskCmd        `cmd:"" default:"withargs" help:"Ask whether a change may ship. This is what slo-engine gate does by itself."`
	Explain    gateExplainCmd    `cmd:"" help:"Explain a verdict: each number, what it was held against, and where that stands."`
	Verdicts   gateVerdictsCmd   `cmd:"" help:"List the verdicts that were told, the newest first."`
	Policies   gatePoliciesCmd   `cmd:"" help:"Show the policies in force."`
	BreakGlass gateBreakGlassCmd `cmd:"" help:"Let every change of a service pass for a while, on your word."`
	Mend       gateMendCmd       `cmd:"" help:"End a break-glass before its time."`
	Glasses    gateGlassesCmd    `cmd:"" help:"List the break-glasses that hold."`
	Deployed   gateDeployedCmd   `cmd:"" help:"Mark a deploy: what burns from then on is held against it."`
	Deploys    gateDeploysCmd    `cmd:"" help:"List the marked deploys, the newest first, with what has burned since."`
}

// Help has examples, for --help.
func (gateCmd) Help() string {
	return `Examples:

  slo-engine gate --service checkout
  slo-engine gate --service checkout --environment prod --version 1.5.0 --wait 10m
  slo-engine gate --service checkout --kind rollback
  slo-engine gate --service checkout -o json | jq .error_budget_remaining
  slo-engine gate explain ID
  slo-engine gate break-glass --service checkout --reason "the fix for INC-7" --for 30m
  slo-engine gate deployed --service checkout --version 1.5.0

Exit codes of a question: 0 allow, 1 deny, 2 unknown (also when the engine cannot be asked), 75 hold, 64 when it is asked wrongly.`
}

// The exit codes of a question. That of hold is EX_TEMPFAIL of sysexits.h: try
// again later.
const (
	exitDeny    = 1
	exitUnknown = 2
	exitHold    = 75
)

// Decisions, as the API writes them.
const (
	allow   = "allow"
	hold    = "hold"
	deny    = "deny"
	unknown = "unknown"
)

// codeOf is the exit code of a decision. One that this version does not know is
// unknown.
func codeOf(decision string) int {
	switch decision {
	case allow:
		return 0
	case deny:
		return exitDeny
	case hold:
		return exitHold
	}
	return exitUnknown
}

// question are the flags that say what is asked.
type question struct {
	Service     string `required:"" placeholder:"NAME" help:"Whose change it is."`
	SLO         string `placeholder:"NAME" help:"Only this SLO of the service."`
	Kind        string `default:"deploy" help:"deploy, rollback, scale_up or fix_forward (declared to mend what burns)."`
	Version     string `placeholder:"VERSION" help:"What is to ship. Where the policy compares versions, it is held against the others, and a hold until it has traffic."`
	Baseline    string `placeholder:"VERSION" help:"The version it is compared with. Without it: all others."`
	Environment string `placeholder:"NAME" help:"Where it is to ship: chooses among the policies."`
}

func (q question) asked() client.GateQuestion {
	return client.GateQuestion{
		Service: q.Service, SLO: q.SLO, Kind: q.Kind, Version: q.Version, Baseline: q.Baseline, Environment: q.Environment,
	}
}

// unanswered is a verdict for who got none: unknown, with the reason.
func (q question) unanswered(code string, err error) apitypes.GateVerdict {
	return apitypes.GateVerdict{
		Service: q.Service, SLO: q.SLO, Kind: q.Kind, Version: q.Version, Baseline: q.Baseline, Environment: q.Environment,
		Decision: unknown, BurnRates: map[string]*float64{}, Canaries: []apitypes.GateCanary{},
		Reasons: []apitypes.GateReason{{Code: code, Decision: unknown, Service: q.Service, Text: err.Error()}},
	}
}
