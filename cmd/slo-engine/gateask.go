package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/slo-engine/slo-engine/internal/api/apitypes"
	"github.com/slo-engine/slo-engine/internal/api/client"
)

type gateAskCmd struct {
	asking
	question
	Wait       time.Duration `placeholder:"10m" help:"Ask again until it is allow or deny, for so long at most; engines that restart meanwhile are waited for."`
	OnUnknown  string        `enum:"unknown,allow,hold,deny,policy" default:"unknown" help:"What to make of unknown: allow, hold or deny; policy: what the policy says; unknown: exit 2."`
	ResultFile string        `placeholder:"FILE" help:"Write the decision there, and nothing else, as a Tekton result."`
}

// Validate implements kong.Validatable.
func (c *gateAskCmd) Validate() error {
	if c.Wait < 0 {
		return errors.New("--wait must not be negative: leave it out to ask once")
	}
	return nil
}

// gatePatience bounds what an engine may take to answer one question: it needs
// milliseconds.
const gatePatience = 10 * time.Second

// Run asks the gate. Only a deny of the engine, or what --on-unknown makes a deny,
// exits with 1.
func (c *gateAskCmd) Run(ctx context.Context, std streams) error {
	engine, err := c.engine(gatePatience)
	if err != nil {
		fmt.Fprintf(std.err, "slo-engine: %v\n", err)
		return exit(exitUsage)
	}
	w := waiting{
		ask:    func(ctx context.Context) (apitypes.GateVerdict, error) { return engine.Gate(ctx, c.asked()) },
		say:    func(text string) { fmt.Fprintln(std.err, tame(text)) },
		atMost: c.Wait, random: rand.Float64,
	}
	verdict, err := w.run(ctx)
	if ctx.Err() != nil {
		return interrupted(verdict, std)
	}
	return c.conclude(verdict, err, std)
}

// interrupted never ends with 0, whatever --on-unknown says: nothing was decided.
func interrupted(last apitypes.GateVerdict, std streams) error {
	fmt.Fprintln(std.err, "slo-engine: interrupted before the gate said allow or deny")
	if last.Decision == hold {
		return exit(exitHold)
	}
	return exit(exitUnknown)
}

// conclude shows the answer, tells it to whoever runs the pipeline, and makes it an
// exit code.
func (c *gateAskCmd) conclude(v apitypes.GateVerdict, err error, std streams) error {
	var refused *client.Error
	isRefused := errors.As(err, &refused) && refused.Problem.Status < http.StatusInternalServerError
	switch {
	case isRefused && refused.Problem.Status == http.StatusBadRequest:
		fmt.Fprintf(std.err, "slo-engine: %s\n", tame(err.Error()))
		return exit(exitUsage)
	case isRefused:
		v = c.unanswered("refused", unreached(err))
	case err != nil:
		v = c.unanswered("unreachable", unreached(err))
	}
	o := gateAnswer{verdict: v, decision: v.Decision, explanation: c.explanation(v)}
	if v.Decision == unknown && !isRefused { // who may not ask has a mistake to mend
		o.decision = c.madeOf(v)
	}
	return c.tell(o, std)
}

// madeOf is what --on-unknown makes of an unknown.
func (c *gateAskCmd) madeOf(v apitypes.GateVerdict) string {
	if c.OnUnknown != "policy" {
		return c.OnUnknown
	}
	if v.IfUnknown == "" { // nobody said: the engine did not answer
		return unknown
	}
	return v.IfUnknown
}

// gateAnswer is what a question came to.
type gateAnswer struct {
	verdict apitypes.GateVerdict
	// decision is the verdict's, or what was made of an unknown.
	decision string
	// explanation is a URL; empty: there is none.
	explanation string
}

// tell writes the answer wherever it is wanted. An allow that a pipeline could not
// be told is none.
func (c *gateAskCmd) tell(o gateAnswer, std streams) error {
	code := codeOf(o.decision)
	err := errors.Join(
		c.show(std, o.verdict, func() string { return gateText(o, time.Now()) }),
		tellResult(c.ResultFile, o), tellGitHub(o),
	)
	if err != nil {
		fmt.Fprintf(std.err, "slo-engine: %v\n", err)
		if code == 0 {
			code = exitUnknown
		}
	}
	if code == 0 {
		return nil
	}
	return exit(code)
}
