package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stopTimeout bounds how long notifications under way may take to finish when
// their dispatcher ends. A receiver that answers at all answers within it; one
// that does not is tried again by the next dispatcher.
const stopTimeout = 5 * time.Second

// Start puts the configuration into force and begins to accept alerts and
// requests. It returns when both are possible.
func (a *Alertmanager) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.stopped:
		return errors.New("start alertmanager: it was stopped; create another")
	case a.running.Load():
		return errors.New("start alertmanager: it is running")
	case ctx.Err() != nil:
		return fmt.Errorf("start alertmanager: %w", ctx.Err())
	}
	a.activate(a.planned)
	a.keepSaving()
	a.running.Store(true)
	return nil
}

// Reload reads the configuration file again. When anything in it is wrong the
// one in force stays, and the error says what and where.
func (a *Alertmanager) Reload() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return errors.New("reload alertmanager: it was stopped")
	}
	p, err := a.plan()
	if err != nil {
		return err
	}
	a.planned = p
	if !a.running.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	a.graph.Load().stop(ctx)
	a.activate(p)
	return nil
}

// Stop lets notifications under way finish, for five seconds or until ctx ends,
// saves silences and notification log and releases everything. Later calls
// return what the first returned.
func (a *Alertmanager) Stop(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stopped {
		return a.stopErr
	}
	a.stopped = true
	if a.running.Swap(false) {
		a.stopErr = a.halt(ctx)
	}
	a.alerts.Close()
	if a.opts.Registerer != nil {
		a.opts.Registerer.Unregister(a.registry)
	}
	return a.stopErr
}

// halt ends what Start began. The log is saved last, when nothing adds to it.
func (a *Alertmanager) halt(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	a.graph.Load().stop(ctx)
	close(a.quit)
	a.saving.Wait()
	return errors.Join(a.silenceFile.save(), a.notifiedFile.save())
}
