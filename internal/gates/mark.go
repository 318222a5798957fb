package gates

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/pkg/gate"
)

// A deploy is marked when it begins, or a little before, or when somebody gets
// round to it.
const (
	mostAhead = 5 * time.Minute
	mostPast  = 30 * 24 * time.Hour
)

// MarkDeploy notes that a version of a service went out. It is on disk when it
// returns. One whose ID was marked before is returned as it was then; without an ID
// it is given one, and without At it is of now. ErrInvalid, ErrStateAway.
func (k *Keeper) MarkDeploy(ctx context.Context, d gate.Deploy) (gate.Deploy, error) {
	now := k.options.Now()
	if d.At.IsZero() {
		d.At = now
	}
	d.ID, d.At, d.SLOs = cmp.Or(d.ID, k.options.NewID()), exact(d.At), nil
	if err := checkDeploy(d, now); err != nil {
		return gate.Deploy{}, fmt.Errorf("mark deploy: %w: %w", ErrInvalid, err)
	}
	store := k.open()
	if store == nil {
		return gate.Deploy{}, fmt.Errorf("mark deploy: %w", ErrStateAway)
	}
	marked, err := store.MarkDeploy(ctx, d)
	if err != nil {
		return gate.Deploy{}, fmt.Errorf("mark deploy: %w", err)
	}
	if k.learnDeploys(now, marked) {
		k.log.Info("a deploy was marked", "service", d.Service, "environment", d.Environment, "version", d.Version, "at", d.At, "id", d.ID)
	}
	return marked, nil
}

func checkDeploy(d gate.Deploy, now time.Time) error {
	switch {
	case !name(d.Service):
		return errors.New("service: name the service, in at most 256 bytes")
	case !name(d.ID):
		return errors.New("id: it has more than 256 bytes, or some that are no text")
	case d.Environment != "" && !name(d.Environment):
		return errors.New("environment: it has more than 256 bytes, or some that are no text")
	case d.Version != "" && !name(d.Version):
		return errors.New("version: it has more than 256 bytes, or some that are no text")
	case d.At.Sub(now) > mostAhead:
		return fmt.Errorf("at: %s is more than %s ahead: see to the clocks", d.At.Format(time.RFC3339), mostAhead)
	case now.Sub(d.At) > mostPast:
		return fmt.Errorf("at: %s is more than 30 days ago", d.At.Format(time.RFC3339))
	}
	return nil
}

// Deploys are those of a service (empty: of all), the newest first, with what has
// burned since: of those that are watched as of now, of the others as it was when
// the watch ended. ErrStateAway.
func (k *Keeper) Deploys(ctx context.Context, service string) ([]gate.Deploy, error) {
	store := k.open()
	if store == nil {
		return nil, fmt.Errorf("list deploys: %w", ErrStateAway)
	}
	list, err := store.FindDeploys(ctx, DeployQuery{Service: service})
	if err != nil {
		return nil, fmt.Errorf("list deploys: %w", err)
	}
	live := map[string]*gate.Deploy{}
	for _, one := range k.deploys.all() {
		live[one.ID] = one
	}
	for i := range list {
		if one := live[list[i].ID]; one != nil && one.SLOs != nil {
			list[i].SLOs = worst(one.SLOs, nil)
		}
	}
	return list, nil
}
