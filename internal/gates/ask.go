package gates

import (
	"cmp"
	"context"
	"time"
	"unicode/utf8"

	"github.com/slo-engine/slo-engine/pkg/gate"
	"github.com/slo-engine/slo-engine/pkg/slo"
)

// Ask answers a request from what is known now. It waits for nothing, and is told
// and audited. Now of the request is set where it is zero, and an empty Kind is a
// deploy.
func (k *Keeper) Ask(_ context.Context, r gate.Request) gate.Verdict {
	began := time.Now()
	r = k.plain(r)
	m, q := k.moment(), questionOf(r)
	a := m.find(q, r.Now)
	if a == nil {
		a = m.keep(q, k.teller.known(k.answer(m, r)))
	}
	k.teller.tell(a, r.Now)
	k.metrics.asked(a.verdict.Decision, time.Since(began))
	return a.verdict
}

// longest is how many bytes of each word of a request are looked at. Names of
// services and versions are far shorter.
const longest = 256

// plain is a request as it is answered. A word that is too long is cut, and marked
// as no name ever is: it must not fill caches and databases.
func (k *Keeper) plain(r gate.Request) gate.Request {
	for _, word := range []*string{&r.Service, &r.SLO, (*string)(&r.Kind), &r.Version, &r.Baseline, &r.Environment} {
		*word = cut(*word)
	}
	r.Kind = cmp.Or(r.Kind, slo.ChangeDeploy)
	if r.Now.IsZero() {
		r.Now = k.options.Now()
	}
	r.Now = utc(r.Now)
	return r
}

func cut(word string) string {
	if len(word) <= longest {
		return word
	}
	end := longest
	for end > 0 && !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end] + "…"
}

// answer works out what is to be said.
func (k *Keeper) answer(m *moment, r gate.Request) *answer {
	return newAnswer(k.decide(m, r))
}

// decide asks each policy for itself, and joins what they say.
func (k *Keeper) decide(m *moment, r gate.Request) gate.Verdict {
	glass := k.glasses.of(r)
	chosen := m.rules.choose(r, m.of(r.Service))
	verdicts := make([]gate.Verdict, len(chosen))
	for i, s := range chosen {
		e := gate.Evidence{At: m.at(), Budgets: s.budgets, Glass: glass, Deploy: k.deploys.of(s.policy, r)}
		if more := depended(s.policy, r.Service, m.of); len(more) > 0 {
			e.Budgets = sorted(append(e.Budgets[:len(e.Budgets):len(e.Budgets)], more...))
		}
		if s.policy.Canary != nil && r.Version != "" {
			e.Canaries = k.options.Canaries.Of(s.policy, r, s.instances)
		}
		verdicts[i] = gate.Decide(s.policy, r, e, k.latches.of(s.policy))
	}
	if len(verdicts) == 1 {
		return verdicts[0]
	}
	return gate.Join(verdicts...)
}
