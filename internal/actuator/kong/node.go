package kong

import (
	"context"
	"fmt"
	"time"

	"github.com/slo-engine/slo-engine/internal/actuator"
)

// withoutDatabase says what cannot be done there, and what can.
const withoutDatabase = "it runs without a database, and takes only whole documents: change its declarative file"

// about is what a node tells about itself.
type about struct {
	Configuration *struct {
		Database        string
		WorkerFrequency float64 `json:"worker_state_update_frequency"`
		Frequency       float64 `json:"db_update_frequency"`
		Propagation     float64 `json:"db_update_propagation"`
	}
}

// usualLag is how long workers may take where Kong does not say.
const usualLag = 10 * time.Second

// lag is how long workers may take to have what is in the database.
func (i about) lag() time.Duration {
	if i.Configuration == nil {
		return usualLag
	}
	c := i.Configuration
	return time.Duration((c.WorkerFrequency + c.Frequency + c.Propagation) * float64(time.Second))
}

// about asks a node about itself. Who may change plugins need not be allowed to:
// then nothing is known.
func (a *Actuator) about(ctx context.Context) (i about) {
	if _, err := a.get(ctx, a.c.URL, "/", &i); err != nil {
		a.log.Debug("ask kong about itself", "error", err)
		return about{}
	}
	return i
}

// writable refuses plans for a Kong that could not be told.
func (a *Actuator) writable(ctx context.Context) error {
	if i := a.about(ctx); i.Configuration != nil && i.Configuration.Database == "off" {
		return fmt.Errorf("change %s: %w: %s", a.c.Name(), actuator.ErrUnsupported, withoutDatabase)
	}
	return nil
}
