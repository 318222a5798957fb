package gates

import (
	"context"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// readDeploys learns what was marked elsewhere, and before this engine began.
func (k *Keeper) readDeploys(ctx context.Context, store Store) error {
	now := k.options.Now()
	horizon := now.Add(-k.rules.Load().watch() - time.Minute)
	list, err := store.FindDeploys(ctx, DeployQuery{Since: exact(horizon), Limit: k.options.Limits.Watched})
	if err != nil {
		return fmt.Errorf("read deploys: %w", err)
	}
	k.deploys.forget(horizon)
	k.learnDeploys(now, list...)
	return nil
}

// justNow is how old a deploy may be whose canary begins with it. What is read after
// a restart has begun long ago.
const justNow = time.Minute

// learnDeploys takes in deploys, and reports whether there are new ones. Each is
// compared from now on where a policy says so.
func (k *Keeper) learnDeploys(now time.Time, list ...gate.Deploy) bool {
	fresh := k.deploys.learn(list...)
	if len(fresh) == 0 {
		return false
	}
	k.changed()
	m := k.moment()
	for _, d := range fresh {
		if d.Version == "" || now.Sub(d.At).Abs() > justNow {
			continue
		}
		r := k.plain(gate.Request{Service: d.Service, Version: d.Version, Environment: d.Environment, Now: now})
		for _, s := range m.rules.choose(r, m.of(d.Service)) {
			if s.policy.Canary != nil {
				k.options.Canaries.Begin(s.policy, r, s.instances)
			}
		}
	}
	return true
}

// writeBurns keeps what deploys have burned, for those who ask when the watch is
// over.
func (k *Keeper) writeBurns(ctx context.Context, store Store, now time.Time) error {
	burned := k.deploys.unwritten(now)
	if len(burned) == 0 {
		return nil
	}
	if err := store.BurnDeploys(ctx, burned); err != nil {
		k.deploys.again(burned)
		return fmt.Errorf("write what deploys burn: %w", err)
	}
	return nil
}
